"""The health of Gatelens itself: what it takes in, and what it cannot."""

from datetime import datetime, timedelta
from typing import Literal, get_args

from processors.alerts.rules.plan import Plan, Sources
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.query.measures import Unit

Signal = Literal["lag", "dead_letters", "ledger", "spool", "writer"]

SIGNALS: tuple[Signal, ...] = get_args(Signal)
_SHARES = ("spool",)


class PipelineRule(Rule):
    """An alert for a figure of the pipeline: docs/alerts.md has what each is."""

    kind: Literal["pipeline"]
    signal: Signal

    @property
    def unit(self) -> Unit | None:
        return Unit.SHARE if self.signal in _SHARES else None

    @property
    def reads_present(self) -> bool:
        return True

    @property
    def watched(self) -> str:
        return f"{self.signal} of the pipeline"

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        return Plan(self.window(now, delay), read=self._read)

    def _read(self, sources: Sources) -> list[Sample]:
        value = sources.signal(self.signal)
        return [] if value is None else [Sample({}, value, self.min_requests)]
