"""A stretch of time that a question is about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """From `start` (included) to `end` (excluded), both UTC and on whole minutes, as roll-ups count by the minute."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"A window must end after it starts, not {self.start} to {self.end}.")
        for edge in (self.start, self.end):
            if edge.tzinfo is None or edge != floor(edge, MINUTE):
                raise ValueError(f"A window's edges are whole minutes in UTC, not {edge.isoformat()}.")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def before(self) -> "Window":
        """The window of the same length that ends where this one starts."""
        return Window(self.start - self.length, self.start)


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last multiple of `step` since the epoch that is not after `moment`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return moment.astimezone(UTC) - (moment - epoch) % step


def ceil(moment: datetime, step: timedelta) -> datetime:
    """The first multiple of `step` since the epoch that is not before `moment`."""
    floored = floor(moment, step)
    return floored if floored == moment else floored + step
