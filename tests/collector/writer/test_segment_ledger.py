"""The ledger shows what is missing from the tables."""

import time
from datetime import UTC, datetime

from collector.spool.payload import Payload
from collector.writer.segment_ledger import differences
from storage.store import Store
from tests.collector.rigs.access_logs import json_line, json_lines
from tests.collector.rigs.spooling import MakeSpool
from tests.collector.rigs.storing import store_waiting


def _store(store: Store, make_spool: MakeSpool, segment_id: str, body: bytes) -> None:
    spool = make_spool()
    spool.append_segment(segment_id, [Payload("envoy_json", body, time.time_ns() // 1000, segment_id)])
    store_waiting(store, spool)


def _unbalanced(store: Store, segment_id: str) -> list[tuple[int, int]]:
    found = differences(store, datetime(1970, 1, 1, tzinfo=UTC)).set_index("segment_id")
    return [tuple(row) for row in found.filter([segment_id], axis="index").itertuples(index=False)]


def _delete(store: Store, where: str) -> None:
    """Delete the rows of one day: where it may be any, the rows of all tests are looked at."""
    [(day,)] = store.rows(f"SELECT DISTINCT toDate(time) FROM requests WHERE {where}")
    store.command(f"ALTER TABLE requests DELETE IN PARTITION '{day}' WHERE {where} SETTINGS mutations_sync = 2")


def test_of_a_row_that_is_gone(store: Store, make_spool: MakeSpool) -> None:
    _store(store, make_spool, "writer-ledger", json_lines("b", range(6)) + b"broken\n")
    assert _unbalanced(store, "writer-ledger") == []
    _delete(store, "segment_id = 'writer-ledger' AND request_id = 'b-3'")
    assert _unbalanced(store, "writer-ledger") == [(7, 6)]


def test_of_a_segment_that_is_gone_altogether(store: Store, make_spool: MakeSpool) -> None:
    _store(store, make_spool, "writer-gone", json_line("g"))
    _delete(store, "segment_id = 'writer-gone'")
    assert _unbalanced(store, "writer-gone") == [(1, 0)]
