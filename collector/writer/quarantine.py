"""Segments that no process gets stored: kept apart, so that everything behind them is stored."""

from pathlib import Path

from collector.spool.segment import READY, Segment
from storage.durable import sync_directory


class Quarantine:
    """A directory of segments that only a person takes out again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def add(self, segment: Segment) -> Path:
        """Move a segment's file here; durable on return."""
        kept = self._directory / segment.path.name
        segment.path.rename(kept)
        sync_directory(self._directory)
        sync_directory(segment.path.parent)
        return kept

    def segments(self) -> list[Segment]:
        """What is kept here, oldest first."""
        return sorted(Segment.of(path) for path in self._directory.glob(f"*{READY}"))

    def fault(self) -> str:
        """What is wrong, and the cure; '' while nothing is kept here."""
        kept = len(list(self._directory.glob(f"*{READY}")))
        if not kept:
            return ""
        what = "1 segment" if kept == 1 else f"{kept:,} segments"
        return (
            f"{what} could not be stored with the memory there is; give Gatelens more memory (memory.limit, the limit "
            f"of its container), stop it, move the files in {self._directory} back into the spool, and start it again."
        )
