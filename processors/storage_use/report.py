"""The storage report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from processors.rollups.stale import stale_windows
from processors.time.window import DAY
from storage.sql import load
from storage.store import Store

# The time of each table that grows with traffic; the others are small.
_TIMES: Mapping[str, str] = {
    "requests": "time",
    "logs": "time",
    "metrics": "time",
    "spans": "time",
    "dead_letters": "received_at",
    **dict.fromkeys(("api_1m", "resource_1m"), "minute"),
    **dict.fromkeys(("api_1h", "resource_1h"), "hour"),
    **dict.fromkeys(("api_10m", "api_1d", "route_1h", "consumer_1h", "consumer_1d", "fault_10m", "edge_10m"), "time"),
}
_OF_REQUESTS = ("api_", "route_", "consumer_", "fault_", "edge_")
# Made of requests too, without a time that parts know.
_UNTIMED = ("id_1h",)
_COUNTED_TABLES = ("requests", "metrics", "spans", "logs", "dead_letters")


@dataclass(frozen=True)
class TableUse:
    """One table on disk; `compression` is how many times smaller it is than in memory."""

    name: str
    rows: int
    bytes: int
    compression: float
    parts: int
    # Of its rows; None where it has none, or no time.
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def bytes_per_row(self) -> float:
        return self.bytes / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class StorageReport:
    """What is stored, in bytes, the largest table first."""

    tables: Sequence[TableUse]
    free_bytes: int
    # By what was stored in the last day; deletions by retention are not in it.
    bytes_per_day: float
    # The hours and days that are still to be filled, by roll-up.
    rollups_waiting: Mapping[str, int]

    @property
    def bytes(self) -> int:
        return sum(table.bytes for table in self.tables)

    @property
    def bytes_per_request(self) -> float | None:
        """Of everything that is made of requests, for each of them; None where there is none."""
        requests = _rows(self.tables, "requests")
        return sum(table.bytes for table in self.tables if _is_of_requests(table.name)) / requests if requests else None

    @property
    def days_left(self) -> float | None:
        """How long there is room at the rate of the last day; None where nothing came."""
        return self.free_bytes / self.bytes_per_day if self.bytes_per_day else None


def storage_report(store: Store, now: datetime) -> StorageReport:
    """The report; it reads no rows but of small tables. Raises StoreError."""
    tables = _with_times(store, [TableUse(*row) for row in store.rows(load("processors.storage_use", "tables"))])
    ((free,),) = store.rows("SELECT min(unreserved_space) FROM system.disks WHERE type = 'Local'") or [(0,)]
    waiting = {rollup.name: len(windows) for rollup, windows in stale_windows(store, now).items()}
    return StorageReport(tables, int(free), _bytes_per_day(store, tables, now), waiting)


def _with_times(store: Store, tables: Sequence[TableUse]) -> list[TableUse]:
    timed = [table.name for table in tables if table.rows and table.name in _TIMES]
    # Answered by what each part knows of its times.
    asked = " UNION ALL ".join(_first_and_last(name, _TIMES[name]) for name in timed)
    found = {name: (_utc(oldest), _utc(newest)) for name, oldest, newest in (store.rows(asked) if asked else ())}
    times = (found.get(table.name, (None, None)) for table in tables)
    return [replace(table, oldest=oldest, newest=newest) for table, (oldest, newest) in zip(tables, times, strict=True)]


def _first_and_last(table: str, time: str) -> str:
    first, last = (f"toDateTime64({edge}({time}), 6, 'UTC')" for edge in ("min", "max"))
    return f"SELECT '{table}', {first}, {last} FROM {table}"


def _bytes_per_day(store: Store, tables: Sequence[TableUse], now: datetime) -> float:
    ((*counts, seconds),) = store.rows(load("processors.storage_use", "received"), {"now": int(now.timestamp())})
    received = dict(zip(_COUNTED_TABLES, counts, strict=True))
    requests = _rows(tables, "requests")
    total = 0.0
    for table in tables:
        if table.name in received:
            total += table.bytes_per_row * received[table.name]
        elif _is_of_requests(table.name) and requests:
            total += table.bytes * min(1.0, received["requests"] / requests)
    return total * DAY / timedelta(seconds=int(seconds))


def _is_of_requests(name: str) -> bool:
    return name == "requests" or name in _UNTIMED or (name in _TIMES and name.startswith(_OF_REQUESTS))


def _rows(tables: Sequence[TableUse], name: str) -> int:
    return sum(table.rows for table in tables if table.name == name)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
