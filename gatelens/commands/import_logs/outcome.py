"""The outcome of an import: the rows of each table once it is stored, and what is odd in them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from collector.importer.block import ImportSummary
from collector.importer.findings import Ask, Findings, findings
from collector.writer.segment_ledger import Segments
from storage.errors import GatelensError

_POLL_SECONDS = 0.1
_MOST_OF_EXAMPLE = 120
_DECLARE = "declare its format: --log-format, docs/formats.md"


@dataclass(frozen=True)
class Imported:
    """A log, and its rows by table; where some of it waits to be stored, those of the rest."""

    summary: ImportSummary
    rows: Counter[str]
    is_waiting: bool
    findings: Findings = field(default_factory=Findings)

    def __str__(self) -> str:
        """Such as 'combined, 1,000 requests, 2 dead letters, 210,000 bytes'."""
        summary = self.summary
        if not summary.format:
            return "nothing in it"
        rows = [_counted(count, table) for table, count in self.rows.items() if count]
        if not rows and not self.is_waiting:
            rows = ["no records"]
        parts = [" and ".join(self.findings.formats) or summary.format, *rows, _counted(summary.bytes_read, "bytes")]
        if summary.blocks_known:
            is_all = summary.blocks_known == summary.blocks
            parts.append(
                "stored already" if is_all else f"{summary.blocks_known} of {summary.blocks} blocks stored already"
            )
        if self.is_waiting:
            parts.append("not all of it is stored yet")
        return ", ".join(parts)

    @property
    def notes(self) -> list[str]:
        """Lines below that: what is odd in the rows, and what to do about it; in columns."""
        listed = list(self._notes())
        width = max((len(f"{count:,}") for count, _ in listed), default=0)
        return [f"  {f'{count:,}' if count else '':>{width}}  {note}" for count, note in listed]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        found = self.findings
        return {
            "formats": found.formats or [self.summary.format] * bool(self.summary.format),
            "bytes": self.summary.bytes_read,
            "blocks": self.summary.blocks,
            "blocks_stored_before": self.summary.blocks_known,
            "is_waiting": self.is_waiting,
            "rows": dict(self.rows),
            "without_duration": found.without_duration,
            "doubtful": dict(found.doubtful),
            "older_than_retention": found.older_than_retention,
            "oldest": found.oldest,
            "ahead_of_clock": found.ahead_of_clock,
            "dead_letters": [asdict(reason) for reason in found.dead_letters],
            **({"fault": found.fault} if found.fault else {}),
        }

    def _notes(self) -> Iterator[tuple[int, str]]:
        found = self.findings
        if found.fault:
            yield 0, f"no more can be said of its rows: {found.fault}"
        if count := found.without_duration:
            yield count, f"{_named('requests', count)} without a duration; if the log has it, {_DECLARE}"
        for doubt, count in found.doubtful.most_common():
            why = doubt.replace("_", " ")
            yield count, f"{_named('requests', count)} in doubt: {why}; attributes['gatelens.doubt'] marks them"
        if count := found.older_than_retention:
            age = f"older than the retention, the oldest of {found.oldest[:10]}"
            yield count, f"{age}: filed at the time of import; --keep-time keeps their own"
        if count := found.ahead_of_clock:
            yield count, "ahead of this machine's clock: filed at the time of import"
        for table in found.tables_with_ttl:
            yield 0, f"{table} has a TTL: what is older than that may be deleted at any time"
        for reason in found.dead_letters:
            yield reason.count, f"{_named('dead_letters', reason.count)}: {reason.reason}"
            yield 0, f"  {_shortened(reason.example)}"


def outcome(
    summary: ImportSummary,
    find: Callable[[str], Segments],
    is_patience_over: Callable[[], bool],
    ask: Ask,
    *,
    keeps_time: bool = False,
) -> Imported:
    """Wait until a log is stored, or patience is over; `find` gives the segments whose ids have a prefix."""
    rows: Counter[str] = Counter()
    stored: list[str] = []
    is_waiting = False
    for segment_id in summary.segment_ids:
        found = find(segment_id)
        while found.waiting and not is_patience_over():
            time.sleep(_POLL_SECONDS)
            found = find(segment_id)
        rows.update(found.rows)
        stored += found.stored
        is_waiting = is_waiting or bool(found.waiting)
    try:
        odd = findings(stored, rows, ask, keeps_time=keeps_time)
    except GatelensError as error:
        # It is stored all the same.
        odd = Findings(fault=str(error))
    return Imported(summary, rows, is_waiting, odd)


def _shortened(line: str) -> str:
    first = line.partition("\n")[0]
    return f"{first[:_MOST_OF_EXAMPLE]}…" if len(first) > _MOST_OF_EXAMPLE else first


def _counted(count: int, things: str) -> str:
    return f"{count:,} {_named(things, count)}"


def _named(things: str, count: int) -> str:
    name = things.replace("_", " ")
    return name.removesuffix("s") if count == 1 else name
