"""Incidents: each time that an alert fired, from its first page to its end, and who took it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from processors.alerts.evaluation.state import State
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.time.moments import utc

# What is over by itself within so long was not worth a page.
NOISE = timedelta(minutes=5)

# An alert that fires so often within so long flaps.
FLAPPING_TIMES, FLAPPING_WITHIN = 3, timedelta(hours=1)

_FIRING = (State.FIRING, State.RECOVERING)
# The history keeps milliseconds, acknowledgements microseconds.
_SAME = timedelta(milliseconds=2)


@dataclass(frozen=True)
class Incident:
    """One alert, from when it fired until it was over."""

    rule: str
    fingerprint: str
    labels: Mapping[str, str]
    severity: str
    fired_at: datetime
    # None while it fires.
    resolved_at: datetime | None = None
    # None where nobody took it.
    acknowledged_at: datetime | None = None
    owner: str = ""
    value: float = 0.0

    def lasts(self, now: datetime) -> timedelta:
        """How long it fired, at most until now."""
        return (self.resolved_at or now) - self.fired_at

    @property
    def is_noise(self) -> bool:
        """Whether it was over by itself before somebody could have done something."""
        return (
            self.resolved_at is not None and self.acknowledged_at is None and self.resolved_at - self.fired_at < NOISE
        )


def incidents(changes: pd.DataFrame, taken: Sequence[Acknowledgement] = ()) -> list[Incident]:
    """The incidents of changes of state, the earliest first, as `AlertStore.changes` has them."""
    found: list[Incident] = []
    begun: dict[tuple[str, str], dict[str, object]] = {}
    for read in changes.to_dict("records"):
        row: dict[str, object] = {str(name): value for name, value in read.items()}
        key = str(row["rule"]), str(row["fingerprint"])
        if row["state"] in _FIRING:
            begun.setdefault(key, row)
        elif key in begun:
            found.append(_incident(begun.pop(key), row["time"], taken))
    found += [_incident(row, None, taken) for row in begun.values()]
    return sorted(found, key=lambda one: (one.fired_at, one.rule, one.fingerprint))


def flapping(found: Iterable[Incident]) -> set[tuple[str, str]]:
    """Rule and fingerprint of each alert that fired too often in a short time."""
    fired: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for one in found:
        fired[one.rule, one.fingerprint].append(one.fired_at)
    last = FLAPPING_TIMES - 1
    return {
        key
        for key, times in fired.items()
        if any(late - early <= FLAPPING_WITHIN for early, late in zip(times, times[last:], strict=False))
    }


def _incident(row: Mapping[str, object], end: object, taken: Sequence[Acknowledgement]) -> Incident:
    rule, fingerprint, fired = str(row["rule"]), str(row["fingerprint"]), _moment(row["time"])
    taker = next(
        (
            one
            for one in taken
            if (one.rule, one.fingerprint) == (rule, fingerprint) and abs(one.fired_at - fired) < _SAME
        ),
        None,
    )
    labels = row["labels"]
    return Incident(
        rule,
        fingerprint,
        {str(name): str(value) for name, value in labels.items()} if isinstance(labels, Mapping) else {},
        str(row["severity"]),
        fired,
        None if end is None else _moment(end),
        taker.acknowledged_at if taker is not None else None,
        taker.owner if taker is not None else "",
        float(str(row["value"])),
    )


def _moment(value: object) -> datetime:
    return utc(pd.Timestamp(str(value)).to_pydatetime())
