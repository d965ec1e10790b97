"""The state of the pipeline while it runs, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Input:
    """What one receiver has taken in of one format, in the last minutes."""

    receiver: str
    format: str
    payloads_per_second: float
    bytes_per_second: float
    last_seen: datetime


@dataclass(frozen=True)
class Pipeline:
    """How it stands now. Faults are sentences with their cure; '' where all is well."""

    inputs: Sequence[Input] = ()
    # As in GET /api/v1/ingest/refusals, the latest first.
    refusals: Sequence[Mapping[str, Any]] = ()
    # How long the oldest sealed segment has waited to be stored.
    lag_seconds: float = 0.0
    spool_bytes: int = 0
    spool_capacity: int = 1
    # Sealed segments that wait.
    backlog: int = 0
    writer_fault: str = ""
    ledger_fault: str = ""
    quarantine_fault: str = ""
    rollup_fault: str = ""
    # Hours and days that are still to be filled, by rollup.
    rollups_waiting: Mapping[str, int] = field(default_factory=dict)
    # Of files whose earlier state is used.
    file_faults: Sequence[str] = ()

    @property
    def bytes_per_second(self) -> float:
        return sum(one.bytes_per_second for one in self.inputs)

    @property
    def spool_share(self) -> float:
        return self.spool_bytes / self.spool_capacity

    @property
    def seconds_until_full(self) -> float | None:
        """How long the spool takes what comes now, if nothing were stored meanwhile; None where nothing comes."""
        arriving = self.bytes_per_second
        return max(self.spool_capacity - self.spool_bytes, 0) / arriving if arriving else None


@dataclass(frozen=True)
class CameIn:
    """Records of a format that were received in a time, and those of them that still are dead letters."""

    format: str
    records: int
    unparsed: int


class Severity(StrEnum):
    """Of a trouble."""

    BAD = "bad"
    WARNING = "warning"


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong with the pipeline."""

    severity: Severity
    # A key of the kind, e.g. 'lag'.
    kind: str
    text: str


# Telemetry is visible within a second or two; so late, people miss it.
_LATE_SECONDS, _VERY_LATE_SECONDS = 60, 600
_FILLING, _NEARLY_FULL = 0.5, 0.9
_SOON_FULL_SECONDS = 3600
# Of the records of a format: below the first, it is the odd line between others.
SHARE_UNPARSED, MUCH_UNPARSED = 0.01, 0.2
_FEW_UNPARSED = 10
_MOST_FORMATS = 5


def troubles(pipeline: Pipeline, came_in: Sequence[CameIn] = ()) -> list[Trouble]:
    """What is wrong, the worst first; `came_in` is what was received in a time, by format."""
    changed = [Trouble(Severity.WARNING, "files", fault) for fault in pipeline.file_faults]
    found = [*_faults(pipeline), *changed, *_late(pipeline), *_filling(pipeline), *_unparsed(came_in)]
    return sorted(found, key=lambda trouble: trouble.severity is not Severity.BAD)


def _faults(pipeline: Pipeline) -> list[Trouble]:
    faults = (
        ("writer", "Segments cannot be stored", pipeline.writer_fault),
        ("ledger", "What was accepted is not what is stored", pipeline.ledger_fault),
        ("quarantine", "Segments are in quarantine", pipeline.quarantine_fault),
        ("rollups", "Rollups cannot be filled", pipeline.rollup_fault),
    )
    return [Trouble(Severity.BAD, kind, f"{title}: {fault.rstrip('.')}") for kind, title, fault in faults if fault]


def _late(pipeline: Pipeline) -> list[Trouble]:
    if pipeline.lag_seconds < _LATE_SECONDS:
        return []
    severity = Severity.BAD if pipeline.lag_seconds >= _VERY_LATE_SECONDS else Severity.WARNING
    waiting = "1 segment is" if pipeline.backlog == 1 else f"{pipeline.backlog:,} segments are"
    text = f"Telemetry is {pipeline.lag_seconds / 60:,.0f} min late: {waiting} waiting to be stored"
    return [Trouble(severity, "lag", text)]


def _filling(pipeline: Pipeline) -> list[Trouble]:
    share, left = pipeline.spool_share, pipeline.seconds_until_full
    if share < _FILLING:
        return []
    is_soon = left is not None and left < _SOON_FULL_SECONDS
    severity = Severity.BAD if share >= _NEARLY_FULL or is_soon else Severity.WARNING
    when = f", and full in {left / 60:,.0f} min at this rate" if left is not None else ""
    return [Trouble(severity, "spool", f"The spool is {share:.0%} full{when}")]


def _unparsed(came_in: Sequence[CameIn]) -> list[Trouble]:
    found = []
    for one in sorted(came_in, key=lambda one: -one.unparsed):
        share = one.unparsed / one.records if one.records else 0.0
        if share >= SHARE_UNPARSED and one.unparsed >= _FEW_UNPARSED:
            severity = Severity.BAD if share >= MUCH_UNPARSED else Severity.WARNING
            text = f"{share:.0%} of {one.format} could not be parsed: {one.unparsed:,} of {one.records:,} records"
            found.append(Trouble(severity, "unparsed", text))
    return found[:_MOST_FORMATS]
