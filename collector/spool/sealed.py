"""The sealed segments that are not stored yet."""

import queue
import threading
from pathlib import Path

from collector.spool.segment import Segment


class SealedSegments:
    """Hands segments out, oldest first, and knows each until it is forgotten; safe to use from many threads."""

    def __init__(self) -> None:
        self._waiting: queue.PriorityQueue[Segment] = queue.PriorityQueue()
        self._known: dict[Path, Segment] = {}
        self._change = threading.Lock()

    @property
    def backlog(self) -> int:
        """How many have not been taken yet."""
        return self._waiting.qsize()

    def put(self, segment: Segment) -> None:
        with self._change:
            self._known[segment.path] = segment
        self._waiting.put(segment)

    def take(self, timeout: float) -> Segment | None:
        """The oldest, or None when there is none within so many seconds."""
        try:
            return self._waiting.get(timeout=timeout)
        except queue.Empty:
            return None

    def forget(self, segment: Segment) -> None:
        with self._change:
            self._known.pop(segment.path, None)

    @property
    def oldest_ns(self) -> int:
        """When the oldest was opened, in nanoseconds since the epoch; 0 where all are stored."""
        with self._change:
            return min((segment.created_ns for segment in self._known.values()), default=0)

    def ids(self, prefix: str) -> list[str]:
        """The ids that begin with a prefix, in order."""
        with self._change:
            return sorted(segment.id for segment in self._known.values() if segment.id.startswith(prefix))
