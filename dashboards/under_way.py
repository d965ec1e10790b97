"""The progress of long work behind the pages, for all of them to show."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Work that is not done yet; `share` is from 0 to 1."""

    # In words, such as 'Filling in the demo's history'.
    name: str
    share: float
    detail: str = ""


class UnderWay:
    """Work in progress: workers report it, and pages read it."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}

    @property
    def works(self) -> Sequence[Work]:
        return list(self._works.values())

    def report(self, work: Work) -> None:
        """Report progress, replacing the last report under this name."""
        self._works = {**self._works, work.name: work}

    def end(self, name: str) -> None:
        self._works = {other: work for other, work in self._works.items() if other != name}
