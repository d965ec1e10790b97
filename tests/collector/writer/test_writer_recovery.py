"""What cannot be stored is split only where that helps."""

from pathlib import Path
from typing import Any

import pytest

from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from storage.errors import QueryFailed
from storage.store import Store
from tests.collector.rigs.access_logs import counts, json_line
from tests.collector.rigs.failing_store import FailingStore
from tests.collector.rigs.storing import writer_of


class _Unreadable(FailingStore):
    """ClickHouse can open no file, as where its rights are wrong."""

    def load(self, *_: Any, **__: Any) -> None:
        raise QueryFailed("Permission denied")

    def trial(self, *_: Any, **__: Any) -> None:
        raise QueryFailed("Permission denied")


def test_a_segment_stays_whole_where_nothing_at_all_can_be_read(store: Store, tmp_path: Path) -> None:
    environment = segment_id = "recovery-unreadable"
    spool = Spool(tmp_path / "spool", SpoolConfig())
    spool.append_segment(segment_id, [Payload("envoy_json", json_line("1"), 1, environment)])
    segment = spool.take(1)
    assert segment is not None
    unreadable: Any = _Unreadable(store)
    with pytest.raises(QueryFailed, match="Permission denied"):
        writer_of(unreadable, spool).store(segment)
    assert spool.waiting("") == [segment_id]
    writer_of(store, spool).store(segment)
    spool.close()
    assert counts(store, environment)["requests"] == 1
