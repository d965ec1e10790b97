"""Damaged telemetry of Prometheus: refused, or taken and stored as rows and dead letters; never a stop."""

import json
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.metrics import NoOpMeter

from collector.books import differences
from collector.payload import Payload
from collector.receivers.remote_write import unsnap
from collector.receivers.write_request import VERSION_1, VERSION_2, WriteRequest
from collector.spool.spool import Spool, SpoolConfig
from collector.telemetry import CollectorMetrics
from collector.transforms.formats import TransformConfig
from collector.writer import Writer
from storage.errors import PayloadError
from storage.store import Store
from tests.collector.prometheus_messages import write_request, write_request_v2

_GOLDEN = Path(__file__).parents[1] / "golden"
_RECEIVED_AT_US = int(datetime(2026, 11, 23, 10, 16, tzinfo=UTC).timestamp() * 1_000_000)
_LIMIT = 1 << 20


def _golden(name: str) -> bytes:
    return (_GOLDEN / f"{name}.in").read_bytes()


_ONE = write_request(json.loads(_golden("prometheus_write/native_histograms")))
_TWO = write_request_v2(json.loads(_golden("prometheus_write_v2/go_client")))
_TEXT = b'# TARGET {zone="a"}\n# TYPE a_total counter\na_total{b="c"} 1\na_total 2 1795428930000\n'

# Format, a whole payload of it, and how many rows it becomes.
_WHOLE = {
    "prometheus_write": (_ONE, 9),
    "prometheus_write_v2": (_TWO, 3),
    "prometheus_text": (_TEXT, 2),
    "openmetrics_text": (_golden("openmetrics_text/client"), 15),
}


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A payload cut off, with bytes changed, or with a part of it doubled."""
    body = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        match draw(st.sampled_from(("cut", "flip", "insert", "double"))):
            case "cut":
                del body[at:]
            case "flip":
                body[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                body[at:at] = draw(st.binary(max_size=12))
            case "double":
                body[at:at] = body[at : at + draw(st.integers(1, 40))]
    return bytes(body)


@pytest.mark.parametrize(("version", "whole"), [(VERSION_1, _ONE), (VERSION_2, _TWO)], ids=["1.0", "2.0"])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_requests_are_refused_or_taken(version: WriteRequest, whole: bytes, data: st.DataObject) -> None:
    packed = bytes(cramjam.snappy.compress_raw(whole))
    body = data.draw(st.one_of(st.binary(max_size=200), _damaged(packed)))
    try:
        unpacked = unsnap(body, _LIMIT)
        assert len(unpacked) <= _LIMIT
        version.contents(unpacked)
    except PayloadError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("format_name", _WHOLE)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_damage_beside_whole_payloads(store: Store, format_name: str, data: st.DataObject) -> None:
    whole, rows = _WHOLE[format_name]
    damaged = data.draw(st.lists(_damaged(whole), min_size=1, max_size=6))
    environment = f"fuzz-{uuid.uuid4()}"
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(Path(directory), SpoolConfig(segment_age=60))
        for body in damaged:
            spool.append(Payload(format_name, body, _RECEIVED_AT_US, "damaged"))
            spool.append(Payload(format_name, whole, _RECEIVED_AT_US, environment)).result()
        _store_all(store, spool)
    found = store.rows("SELECT count() FROM metrics WHERE environment = {e:String}", {"e": environment})
    assert found == [(rows * len(damaged),)]
    unbalanced = differences(store, started)
    assert not [name for name in unbalanced["segment_id"] if str(name).startswith(format_name)]


def test_labels_that_would_be_copied_without_end_are_one_dead_letter(store: Store, tmp_path: Path) -> None:
    """Two megabytes that would become two hundred gigabytes."""
    samples = [{"value": number, "timestamp": 1795428930000} for number in range(100_000)]
    series = {"labels": {"__name__": "bomb", "long": "x" * 1_000_000}, "samples": samples}
    good = {"labels": {"__name__": "good"}, "samples": samples[:3]}
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    body = write_request({"timeseries": [series, good]})
    spool.append(Payload("prometheus_write", body, _RECEIVED_AT_US, "copied")).result()
    _store_all(store, spool)
    rows = store.rows(
        "SELECT reason, position(body, '99999') > 0, length(body) FROM dead_letters WHERE environment = 'copied'"
    )
    assert [row[:2] for row in rows] == [("too many samples under such long labels", True)]
    assert rows[0][2] < 20_000_000
    assert store.rows("SELECT name, count() FROM metrics WHERE environment = 'copied' GROUP BY name") == [("good", 3)]


def test_what_is_no_message_is_set_aside_with_its_bytes(store: Store, tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    for body in (b"\x0a\x05nope!", *[_ONE] * 3):
        spool.append(Payload("prometheus_write", body, _RECEIVED_AT_US, "no-message")).result()
    _store_all(store, spool)
    rows = store.rows("SELECT body, reason FROM dead_letters WHERE environment = 'no-message'")
    assert rows == [("\n\x05nope!", "the payload cannot be decoded")]
    assert store.rows("SELECT count() FROM metrics WHERE environment = 'no-message'") == [(27,)]


def _store_all(store: Store, spool: Spool) -> None:
    spool.close()
    writer = Writer(store, spool, TransformConfig(), CollectorMetrics(NoOpMeter("test")))
    while segment := spool.take(0):
        writer.store(segment)
    assert spool.size == 0
