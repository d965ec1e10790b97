"""How far a run through dead letters has come."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from collector.replay.letters import Selection

_MOST_REASONS = 20


@dataclass
class Progress:
    """One run; counted by its thread, and read by others."""

    selection: Selection
    # '' for the format of each.
    read_as: str
    is_dry: bool
    started_at: datetime
    ended_at: datetime | None = None
    # Of them all, those that were understood and those that still are not, by format and reason.
    read: int = 0
    understood: Counter[str] = field(default_factory=Counter)
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Formats whose dead letters are not records as they came, by how many there are.
    unreadable: dict[str, int] = field(default_factory=dict)
    # What became rows; empty for a dry run.
    stored: int = 0
    fault: str = ""

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def reasons(self) -> list[tuple[str, str, int]]:
        """Why others still are dead letters: format, reason, records; the most frequent first."""
        # Its thread adds to it meanwhile.
        found = Counter(dict(self.left)).most_common(_MOST_REASONS)
        return [(name, reason, count) for (name, reason), count in found]
