"""From a spool into rows."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from opentelemetry.metrics import NoOpMeter

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.prometheus.families import Families
from collector.formats.registry import Formats
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.segment_ledger import differences
from collector.writer.writer import Writer
from storage.store import Store
from tests.collector.rigs.failing_store import FailingStore

_STARTED = datetime.now(UTC)


def writer_of(
    store: Store | FailingStore,
    spool: Spool,
    lost: Callable[[str], None] = lambda segment_id: None,
    formats: Formats = FORMATS,
    transforms: TransformConfig | None = None,
    families: Families | None = None,
) -> Writer:
    metrics = CollectorMetrics(NoOpMeter("test"))
    notes = spool.directory.with_name(f"{spool.directory.name}-writer")
    # A FailingStore acts as a store.
    return Writer(
        store,  # type: ignore[arg-type]
        spool,
        transforms or TransformConfig(),
        metrics,
        notes,
        lost=lost,
        formats=formats,
        families=families,
    )


def store_waiting(
    store: Store | FailingStore, spool: Spool, seconds: float = 0, families: Families | None = None
) -> None:
    """Make rows of all that is sealed, or is within so many seconds."""
    writer = writer_of(store, spool, families=families)
    while segment := spool.take(seconds):
        writer.store(segment)


def store_all(store: Store | FailingStore, spool: Spool, families: Families | None = None) -> None:
    """Close a spool and make rows of everything in it, readable or not."""
    spool.close()
    store_waiting(store, spool, families=families)
    assert spool.size == 0


def store_all_balanced(store: Store, spool: Spool, families: Families | None = None) -> None:
    """The same; the ledger must balance, of this segment and of all others that tests have stored."""
    store_all(store, spool, families)
    found = differences(store, _STARTED)
    # The tests of the writer and of reconciliation take rows away to see whether it is noticed.
    others = [name for name in found["segment_id"] if not str(name).startswith(("writer-", "reconciled-"))]
    assert not others, found[found["segment_id"].isin(others)].to_string()


def logs_of(store: Store, environment: str, columns: str, order: str = "body") -> list[tuple[Any, ...]]:
    """The logs that are stored of an environment."""
    sql = f"SELECT {columns} FROM logs WHERE environment = {{e:String}} ORDER BY {order}"
    return store.rows(sql, {"e": environment})
