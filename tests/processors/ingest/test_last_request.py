from datetime import timedelta

from processors.ingest.records import last_request
from processors.time.window import MINUTE, floor
from storage.store import Store
from tests.processors.query.traffic_rows import fill


def test_the_newest_request_is_known_by_its_minute(store: Store) -> None:
    rows = fill(store, "last_request", 20, timedelta(hours=2))
    newest = last_request(store)
    assert newest is not None
    assert newest >= floor(rows["time"].max(), MINUTE)
