"""What the segment ledger says was stored, and what the tables hold of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from storage.sql import load
from storage.store import Store

# How far before its arrival rows of a segment are looked for: where live telemetry is, at the price of a few granules;
# where a segment has been open while ClickHouse was away, or an old log was imported; everywhere.
_NEAR = timedelta(hours=1)
_FAR = timedelta(days=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LATER = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """A segment in the ledger; `filed` is its records by table, added up."""

    segment_id: str
    records: int
    filed: int
    first_received: datetime
    last_received: datetime
    stored: datetime


@dataclass(frozen=True)
class Mismatch:
    """A segment whose records are not the rows that the tables hold."""

    segment_id: str
    # None where the segment left the spool without an entry in the ledger.
    records: int | None
    rows: int

    def __str__(self) -> str:
        if self.records is None:
            return f"Segment {self.segment_id} has left the spool and is not in the ledger"
        return (
            f"Segment {self.segment_id} has {self.records:,} records in the ledger and {self.rows:,} rows in the tables"
        )


def entries(
    store: Store, after: datetime, until: datetime, settled: timedelta, most: int, only: Collection[str] = ()
) -> list[Entry]:
    """Segments stored after one moment, up to another and at least `settled` ago by ClickHouse's clock, in order.

    At most so many, and of `only` these where they are given.
    """
    parameters = {
        "after": _microseconds(after),
        "until": _microseconds(until),
        "settled": int(settled.total_seconds()),
        "most": most,
        "all": not only,
        "only": list(only),
    }
    return [
        Entry(segment_id, records, filed, _utc(first), _utc(last), _utc(stored))
        for segment_id, records, filed, first, last, stored in store.rows(
            load("collector.writer", "ledger_entries"), parameters
        )
    ]


def mismatches(store: Store, entered: Sequence[Entry]) -> list[Mismatch]:
    """Which of the entries do not balance, and segments received in their time that have rows but no entry."""
    if not entered:
        return []
    since = min(entry.first_received for entry in entered) - _NEAR
    until = max(entry.last_received for entry in entered)
    near = _rows(store, since, until, happened_since=since)
    rows = {row.segment_id: row.rows for row in near}
    rows |= _rows_farther_away(store, [entry for entry in entered if rows.get(entry.segment_id, 0) < entry.records])
    return _unbalanced(entered, rows) + _orphans(near)


def mismatches_of(store: Store, segment_ids: Collection[str]) -> list[Mismatch]:
    """The same of certain segments, wherever their rows are."""
    if not segment_ids:
        return []
    entered = entries(store, _EVER, _LATER, timedelta(), len(segment_ids), segment_ids)
    found = _rows(store, _EVER, _LATER, only=segment_ids)
    return _unbalanced(entered, {row.segment_id: row.rows for row in found}) + _orphans(found)


def known(store: Store, segment_ids: Collection[str]) -> set[str]:
    """Those of the segments that are in the ledger."""
    if not segment_ids:
        return set()
    found = entries(store, _EVER, _LATER, timedelta(), len(segment_ids), segment_ids)
    return {entry.segment_id for entry in found}


def _unbalanced(entered: Sequence[Entry], rows: Mapping[str, int]) -> list[Mismatch]:
    return [
        Mismatch(entry.segment_id, entry.records, rows.get(entry.segment_id, 0))
        for entry in entered
        if not entry.records == entry.filed == rows.get(entry.segment_id, 0)
    ]


def _orphans(found: Sequence["_Rows"]) -> list[Mismatch]:
    return [Mismatch(row.segment_id, 0, row.rows) for row in found if not row.is_known]


def _rows_farther_away(store: Store, short: Sequence[Entry]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for reach in (_FAR, None):
        short = [entry for entry in short if rows.get(entry.segment_id, 0) < entry.records]
        if short:
            since = min(entry.first_received for entry in short) - reach if reach else _EVER
            until = max(entry.last_received for entry in short)
            found = _rows(store, since, until, only=[entry.segment_id for entry in short])
            rows |= {row.segment_id: row.rows for row in found}
    return rows


class _Rows(NamedTuple):
    segment_id: str
    rows: int
    is_known: bool


def _rows(
    store: Store, since: datetime, until: datetime, *, happened_since: datetime = _EVER, only: Collection[str] = ()
) -> list[_Rows]:
    parameters = {
        "since": _microseconds(since),
        "until": _microseconds(until),
        "happened_since": _microseconds(happened_since),
        "all": not only,
        "only": list(only),
    }
    return [_Rows(*row) for row in store.rows(load("collector.writer", "ledger_rows"), parameters)]


def _microseconds(moment: datetime) -> int:
    return (moment - _EVER) // timedelta(microseconds=1)


def _utc(moment: datetime) -> datetime:
    """The client gives moments in UTC without saying so."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
