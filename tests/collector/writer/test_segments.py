"""Where segments are, and what has become of them, told by how their ids begin."""

import time
from pathlib import Path

from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import Segments, segments
from storage.store import Store
from tests.collector.rigs.access_logs import json_lines, otlp_logs
from tests.collector.rigs.spooling import MakeSpool
from tests.collector.rigs.storing import store_waiting, writer_of

_NOTHING = {"requests": 0, "metrics": 0, "spans": 0, "logs": 0, "dead_letters": 0}
_NO_REQUEST = b"\x0a\x05\x0a\x03\x0a\x01\xff"


def _append(spool: Spool, segment_id: str, format_name: str, *bodies: bytes) -> None:
    now_us = time.time_ns() // 1000
    spool.append_segment(segment_id, [Payload(format_name, body, now_us, "segments") for body in bodies])


def test_rows_are_reported_when_nothing_waits_any_more(store: Store, make_spool: MakeSpool) -> None:
    spool = make_spool()
    assert segments(store, spool, "segments-a") == Segments([], [], _NOTHING)
    _append(spool, "segments-a1", "envoy_json", json_lines("a", range(5)) + b"broken\n")
    _append(spool, "segments-a2", "envoy_json", json_lines("b", range(2)))
    assert segments(store, spool, "segments-a") == Segments([], ["segments-a1", "segments-a2"], _NOTHING)
    store_waiting(store, spool)
    both = Segments(["segments-a1", "segments-a2"], [], _NOTHING | {"requests": 7, "dead_letters": 1})
    assert segments(store, spool, "segments-a") == both
    assert segments(store, spool, "segments-a2").rows["requests"] == 2


def test_what_takes_the_place_of_a_segment_is_found_under_its_id(store: Store, make_spool: MakeSpool) -> None:
    spool = make_spool()
    _append(spool, "segments-split", "otlp_logs", otlp_logs("a", "b"), _NO_REQUEST, otlp_logs("c"))
    segment = spool.take(0)
    assert segment is not None
    writer_of(store, spool).store(segment)
    parts = ["segments-split~readable", "segments-split~undecodable"]
    assert segments(store, spool, segment.id) == Segments([], parts, _NOTHING)
    store_waiting(store, spool)
    assert segments(store, spool, segment.id) == Segments(parts, [], _NOTHING | {"logs": 3, "dead_letters": 1})


def test_what_is_only_begun_does_not_wait_yet(make_spool: MakeSpool, tmp_path: Path) -> None:
    spool = make_spool()
    (tmp_path / "00000000000000000001.envoy_json.segments-begun.part").touch()
    assert spool.waiting("segments-begun") == []
