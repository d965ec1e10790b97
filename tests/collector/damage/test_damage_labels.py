"""Labels that would be copied for each of very many samples."""

from datetime import UTC, datetime
from pathlib import Path

from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.rigs.prometheus_messages import write_request
from tests.collector.rigs.spooling import append
from tests.collector.rigs.storing import store_all

_RECEIVED_AT_US = int(datetime(2026, 11, 23, 10, 16, tzinfo=UTC).timestamp() * 1_000_000)


def test_labels_that_would_be_copied_without_end_are_one_dead_letter(store: Store, tmp_path: Path) -> None:
    """Two megabytes that would become two hundred gigabytes."""
    samples = [{"value": number, "timestamp": 1795428930000} for number in range(100_000)]
    series = {"labels": {"__name__": "bomb", "long": "x" * 1_000_000}, "samples": samples}
    good = {"labels": {"__name__": "good"}, "samples": samples[:3]}
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    body = write_request({"timeseries": [series, good]})
    append(spool, Payload("prometheus_write", body, _RECEIVED_AT_US, "copied")).result()
    store_all(store, spool)
    rows = store.rows(
        "SELECT reason, position(body, '99999') > 0, length(body) FROM dead_letters WHERE environment = 'copied'"
    )
    assert [row[:2] for row in rows] == [("too many samples under such long labels", True)]
    assert rows[0][2] < 20_000_000
    assert store.rows("SELECT name, count() FROM metrics WHERE environment = 'copied' GROUP BY name") == [("good", 3)]
