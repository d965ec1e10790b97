"""The segment ledger, the table `books`: which segments are stored, and whether every record can be found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from collector.spool.segment import Segment
from collector.spool.spool import Spool
from storage.sql import load
from storage.store import Store

# Ids that begin alike come first where they are shortest, so that a whole id is always among them.
_MOST_IDS = 1000
_TABLES = ("requests", "metrics", "spans", "logs", "dead_letters")


@dataclass(frozen=True)
class Segments:
    """The segments whose ids share a prefix: the first 1,000 of each list, and the rows of all stored ones."""

    stored: Sequence[str]
    waiting: Sequence[str]
    rows: Mapping[str, int]


def segments(store: Store, spool: Spool, prefix: str) -> Segments:
    """Where the segments are whose ids begin with a prefix.

    With nothing waiting, the rows are those of everything that was durable before: what takes the place of a segment
    has an id that begins with that of the segment.
    """
    # A segment stored in between is then in both, never in neither.
    waiting = spool.waiting(prefix)[:_MOST_IDS]
    [counts] = store.rows(
        f"SELECT {', '.join(f'sum({table})' for table in _TABLES)} FROM books"
        " WHERE startsWith(segment_id, {prefix:String})",
        {"prefix": prefix},
    )
    return Segments(stored_segments(store, prefix), waiting, dict(zip(_TABLES, counts, strict=True)))


def stored_segments(store: Store, prefix: str) -> list[str]:
    """The ids of stored segments that begin with a prefix, in order; the first 1,000 where there are more."""
    rows = store.rows(
        "SELECT DISTINCT segment_id FROM books WHERE startsWith(segment_id, {prefix:String})"
        " ORDER BY segment_id LIMIT {most:UInt32}",
        {"prefix": prefix, "most": _MOST_IDS},
    )
    return [segment_id for (segment_id,) in rows]


def enter_empty(store: Store, segment: Segment) -> None:
    """Enter a stored segment that has no records, such as an empty export: nothing else shows that it was stored."""
    if store.rows("SELECT 1 FROM books WHERE segment_id = {segment_id:String} LIMIT 1", {"segment_id": segment.id}):
        return
    received = datetime.fromtimestamp(segment.created_ns // 1_000_000_000, UTC)
    store.insert("books", ["segment_id", "format", "received_at"], [[segment.id, segment.format, received]])


def differences(store: Store, since: datetime) -> pd.DataFrame:
    """The segments received since a moment whose records and rows differ; empty when the ledger balances.

    Counts the rows in the tables themselves, so that a row lost after its insert is found too.
    """
    return store.frame(load("collector.writer", "segment_ledger"), {"since": since})
