"""What has become of an imported file: the rows of each table, once everything of it is stored."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from collector.importer import ImportSummary
from collector.writer.segment_ledger import Segments

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Imported:
    """A file, and its rows by table; where some of it waits to be stored, those of the rest."""

    summary: ImportSummary
    rows: Counter[str]
    is_waiting: bool

    def __str__(self) -> str:
        """Such as 'combined, 1,000 requests, 2 dead letters, 210,000 bytes'."""
        summary = self.summary
        if not summary.format:
            return "nothing in it"
        rows = [_counted(count, table) for table, count in self.rows.items() if count]
        if not rows and not self.is_waiting:
            rows = ["no records"]
        told = [summary.format, *rows, _counted(summary.bytes_read, "bytes")]
        if summary.blocks_known:
            told.append(f"{summary.blocks_known} of {summary.blocks} blocks were stored already")
        if self.is_waiting:
            told.append("not all of it is stored yet")
        return ", ".join(told)


def outcome(summary: ImportSummary, find: Callable[[str], Segments], is_patience_over: Callable[[], bool]) -> Imported:
    """Wait until a file is stored, or patience is over; `find` tells of segments whose ids begin like that."""
    rows: Counter[str] = Counter()
    is_waiting = False
    for segment_id in summary.segment_ids:
        found = find(segment_id)
        while found.waiting and not is_patience_over():
            time.sleep(_POLL_SECONDS)
            found = find(segment_id)
        rows.update(found.rows)
        is_waiting = is_waiting or bool(found.waiting)
    return Imported(summary, rows, is_waiting)


def _counted(count: int, things: str) -> str:
    name = things.replace("_", " ")
    return f"{count:,} {name.removesuffix('s') if count == 1 else name}"
