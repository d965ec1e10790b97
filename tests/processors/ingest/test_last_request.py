from datetime import UTC, datetime, timedelta

from processors.ingest.records import last_request
from processors.time.window import MINUTE, floor
from storage.store import Store
from tests.processors.query.traffic_rows import fill


def test_the_newest_request_is_known_by_its_minute(store: Store) -> None:
    rows = fill(store, "last_request", 20, timedelta(hours=2))
    newest = last_request(store)
    assert newest is not None
    assert newest >= floor(rows["time"].max(), MINUTE)


def test_the_newest_request_of_an_api_is_not_that_of_another(store: Store) -> None:
    rows = fill(store, "last_request_of_api", 20, timedelta(hours=2))
    store.command(
        "INSERT INTO requests (time, environment, reporter, api) VALUES"
        " ('2026-03-01 10:20:30', 'last_request_of_api', 'gateway', 'last-called-in-march')"
    )
    newest = last_request(store, "last-called-in-march")
    assert newest == datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
    assert newest < rows["time"].max()
    assert last_request(store, "never-called") is None
