"""Alerts, rules and silences as the HTTP API returns them; silences and matchers as Alertmanager does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from processors.alerts.evaluation.rule_status import RuleStatus
from processors.alerts.evaluation.state import Alert
from processors.alerts.notifier import Notifier
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.alerts.routing.inhibition import Inhibitions
from processors.alerts.routing.matchers import Matcher, matcher
from processors.alerts.routing.silences import Silence, new_silence
from processors.alerts.routing.time_intervals import TimeInterval
from processors.alerts.store.silence_store import interval_json
from processors.errors import InvalidSilence
from processors.time.durations import Duration, show_duration

_OPERATORS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}


class MatcherBody(BaseModel):
    """A matcher, as Alertmanager's API has it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    value: str
    isRegex: bool = False  # noqa: N815 - Alertmanager's name
    isEqual: bool = True  # noqa: N815

    def matcher(self) -> Matcher:
        try:
            return matcher(self.name, _OPERATORS[self.isEqual, self.isRegex], self.value)
        except ValueError as error:
            raise InvalidSilence(f"{error}.") from None


class SilenceBody(BaseModel):
    """A silence to be made, or changed where it has an id. It ends at `endsAt`, or after `duration`."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    matchers: list[MatcherBody]
    startsAt: datetime | None = None  # noqa: N815
    endsAt: datetime | None = None  # noqa: N815
    duration: Duration | None = None
    createdBy: str = ""  # noqa: N815
    comment: str = ""
    # Recurring times at which it holds, as Alertmanager's time_intervals.
    intervals: list[TimeInterval] = []

    def silence(self, writer: str, now: datetime) -> Silence:
        """The silence; raises InvalidSilence."""
        for moment in (self.startsAt, self.endsAt):
            if moment is not None and moment.tzinfo is None:
                raise InvalidSilence(f"{moment.isoformat()} has no time zone; write it as in 2026-03-01T12:00:00Z.")
        starts = self.startsAt or now
        try:
            ends = starts + self.duration if self.endsAt is None and self.duration is not None else self.endsAt
        except OverflowError:
            raise InvalidSilence("The silence ends beyond all calendars; give an earlier start.") from None
        return new_silence(
            (one.matcher() for one in self.matchers), starts, ends, self.createdBy or writer, self.comment,
            self.intervals, self.id,
        )  # fmt: skip


class RuleBody(BaseModel):
    """A rule as YAML, with the keys of a rule file."""

    model_config = ConfigDict(extra="forbid")

    definition: str = Field(min_length=1)


class AcknowledgeBody(BaseModel):
    """Who takes an alert, by default who asks; and what they say."""

    model_config = ConfigDict(extra="forbid")

    owner: str = ""
    note: str = ""


def silence_json(silence: Silence, now: datetime) -> dict[str, Any]:
    return {
        "id": silence.id,
        "matchers": [
            {"name": one.name, "value": one.value, "isRegex": "~" in one.operator, "isEqual": "!" not in one.operator}
            for one in silence.matchers
        ],
        "startsAt": silence.starts_at.isoformat(),
        "endsAt": silence.ends_at.isoformat() if silence.ends_at is not None else None,
        "intervals": [interval_json(interval) for interval in silence.intervals],
        "createdBy": silence.created_by,
        "comment": silence.comment,
        "status": {"state": silence.state(now).value, "holds": silence.holds(now)},
    }


def alert_json(alert: Alert, notifier: Notifier, inhibitions: Inhibitions, now: datetime) -> dict[str, Any]:
    silence = notifier.silence_of(alert, now)
    taken = notifier.acknowledgement_of(alert)
    inhibiting = inhibitions.source_of(alert)
    return {
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "state": alert.state.value,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "value": alert.value,
        "activeAt": alert.active_at.isoformat(),
        "startsAt": alert.fired_at.isoformat() if alert.fired_at is not None else None,
        "window": (
            {"start": alert.window.start.isoformat(), "end": alert.window.end.isoformat()}
            if alert.window is not None
            else None
        ),
        "silencedBy": silence.id if silence is not None else "",
        "inhibitedBy": inhibiting.fingerprint if inhibiting is not None else "",
        "acknowledgement": _acknowledgement(taken),
    }


def rule_json(status: RuleStatus, definitions: Mapping[str, str]) -> dict[str, Any]:
    rule = status.rule
    return {
        "name": rule.name,
        "kind": rule.kind,
        "origin": status.origin,
        "state": status.state.value,
        "watched": rule.watched,
        "window": show_duration(rule.length),
        "conditions": [
            {"severity": one.severity, "op": one.op, "threshold": one.threshold, "recovery": one.recovery}
            for one in rule.conditions
        ],
        "receiver": rule.receiver,
        "alerts": [alert.fingerprint for alert in status.alerts],
        "lastEvaluation": status.last_evaluated.isoformat() if status.last_evaluated is not None else None,
        "fault": status.fault,
        "beyondLimit": status.beyond_limit,
        # As its author wrote it; '' for a rule of the file.
        "definition": definitions.get(rule.name, ""),
    }


def _acknowledgement(taken: Acknowledgement | None) -> dict[str, str] | None:
    if taken is None:
        return None
    return {"owner": taken.owner, "note": taken.note, "at": taken.acknowledged_at.isoformat()}
