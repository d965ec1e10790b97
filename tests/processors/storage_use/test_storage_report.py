"""The storage report: what is stored, and how long there is room."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.storage_use.report import StorageReport, TableUse, storage_report
from storage.store import Store
from tests.collector.rigs.waiting import wait_until

_NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def report(store: Store) -> StorageReport:
    for minutes in (1, 90):
        at = _NOW - timedelta(minutes=minutes)
        segment = f"storage-{minutes}"
        # The ledger of the store balances for everybody.
        rows = [(at, "storage", at, segment)] * 50
        store.insert("requests", ("time", "environment", "ingested_at", "segment_id"), rows)
        store.insert("books", ("segment_id", "received_at", "records", "requests"), [(segment, at, 50, 50)])
    return storage_report(store, _NOW)


def _requests(report: StorageReport) -> tuple[int, datetime | None, datetime | None]:
    [requests] = [table for table in report.tables if table.name == "requests"]
    return requests.rows, requests.oldest, requests.newest


def _stored(store: Store) -> tuple[int, datetime, datetime]:
    ((rows,),) = store.rows("SELECT count() FROM requests SETTINGS apply_deleted_mask = 0")
    ((oldest, newest),) = store.rows("SELECT min(time), max(time) FROM requests")
    return rows, oldest.replace(tzinfo=UTC), newest.replace(tzinfo=UTC)


def test_tables_are_reported_as_they_are(store: Store, report: StorageReport) -> None:
    found = {table.name: table for table in report.tables}
    assert {"requests", "api_1m", "api_1h", "books"} <= set(found)
    # What other tests have deleted stands in the parts until they are merged, which may happen at any time.
    wait_until(lambda: _requests(storage_report(store, _NOW)) == _stored(store))
    requests = found["requests"]
    assert requests.bytes > 0 < requests.parts
    assert requests.compression > 1
    assert report.bytes == sum(table.bytes for table in report.tables)
    assert report.free_bytes > 0
    assert "schema_migrations" not in found


def test_room_is_estimated_by_what_came_in_the_last_day(report: StorageReport) -> None:
    assert report.bytes_per_day > 0
    assert report.days_left == pytest.approx(report.free_bytes / report.bytes_per_day)
    quiet = StorageReport([TableUse("requests", 10, 400, 5, 1), TableUse("api_1m", 2, 40, 5, 1)], 1000, 0, {})
    assert quiet.days_left is None
    assert quiet.bytes_per_request == 44
    assert StorageReport([], 1000, 0, {}).bytes_per_request is None
