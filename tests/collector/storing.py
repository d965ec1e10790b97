"""From a spool into rows."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import differences
from collector.writer.writer import Writer
from storage.store import Store
from tests.collector.failing_store import FailingStore

_STARTED = datetime.now(UTC)


def writer_of(
    store: Store | FailingStore,
    spool: Spool,
    lost: Callable[[str], None] = lambda segment_id: None,
    formats: Formats = FORMATS,
) -> Writer:
    metrics = CollectorMetrics(NoOpMeter("test"))
    notes = spool.directory.with_name(f"{spool.directory.name}-writer")
    # A FailingStore acts as a store.
    return Writer(store, spool, TransformConfig(), metrics, notes, lost=lost, formats=formats)  # type: ignore[arg-type]


def store_waiting(store: Store | FailingStore, spool: Spool, seconds: float = 0) -> None:
    """Make rows of all that is sealed, or is within so many seconds."""
    writer = writer_of(store, spool)
    while segment := spool.take(seconds):
        writer.store(segment)


def store_all(store: Store | FailingStore, spool: Spool) -> None:
    """Close a spool and make rows of everything in it, readable or not."""
    spool.close()
    store_waiting(store, spool)
    assert spool.size == 0


def store_all_balanced(store: Store, spool: Spool) -> None:
    """The same; the books of what was in it must balance."""
    spool.close()
    # What a segment is taken apart into has an id that begins with its own.
    ids = tuple(spool.unstored())
    store_all(store, spool)
    found = differences(store, _STARTED)
    assert not [name for name in found["segment_id"] if str(name).startswith(ids)], found


def logs_of(store: Store, environment: str, columns: str, order: str = "body") -> list[tuple[Any, ...]]:
    """The logs that are stored of an environment."""
    sql = f"SELECT {columns} FROM logs WHERE environment = {{e:String}} ORDER BY {order}"
    return store.rows(sql, {"e": environment})
