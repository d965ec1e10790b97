"""Reading dead letters again, as pages and programs ask for it; the collector does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class ReplayRequest:
    """Which dead letters, by what format they are read ('' for that of each), and whether they are only counted."""

    format: str = ""
    reason: str = ""
    start: datetime | None = None
    end: datetime | None = None
    read_as: str = ""
    is_dry: bool = False


@dataclass(frozen=True)
class Unread:
    """Dead letters that still are some."""

    format: str
    reason: str
    records: int


@dataclass(frozen=True)
class ReplayState:
    """The run that runs, or ran last."""

    request: ReplayRequest
    started_at: datetime
    ended_at: datetime | None
    # Looked at; of them those that are understood, by format; and those that have become rows.
    read: int
    understood: Mapping[str, int]
    stored: int
    # The most frequent first.
    left: Sequence[Unread] = ()
    # How many there are of formats that cannot read their own: they need another to be read as.
    skipped: Mapping[str, int] = field(default_factory=dict)
    fault: str = ""

    @property
    def is_running(self) -> bool:
        return self.ended_at is None


class Replays(Protocol):
    """One run at a time."""

    @property
    def state(self) -> ReplayState | None:
        """None where there was no run since the start."""

    def begin(self, request: ReplayRequest) -> ReplayState:
        """Returns at once. Raises InvalidReplay, ReplayUnderWay."""
