"""Certificates that expire, where a gateway or its exporter reports when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import model_validator

from processors.alerts.rules.condition import Operator
from processors.alerts.rules.plan import Plan, Sources
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample

_GROUP = ("environment", "gateway", "certificate")


class CertificateRule(Rule):
    """An alert for each certificate that is valid for fewer than `threshold` days more."""

    kind: Literal["certificate"]
    op: Operator = "<"

    @model_validator(mode="before")
    @classmethod
    def _has_severities(cls, given: Any) -> Any:
        """Default severities: time enough to renew it, and hardly any."""
        if isinstance(given, Mapping) and "threshold" not in given and "severities" not in given:
            return {**given, "severities": {"warning": {"threshold": 21}, "critical": {"threshold": 7}}}
        return given

    @property
    def reads_present(self) -> bool:
        return True

    @property
    def watched(self) -> str:
        return "the number of days until the certificate expires"

    @property
    def group_labels(self) -> tuple[str, ...]:
        return _GROUP

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        return Plan(self.window(now, delay), read=self._read)

    def _read(self, sources: Sources) -> list[Sample]:
        rows: list[Mapping[str, Any]] = sources.certificates().to_dict("records")  # type: ignore[assignment]
        return [
            Sample({name: str(row[name]) for name in _GROUP}, float(row["days"]), self.min_requests) for row in rows
        ]
