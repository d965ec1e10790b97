"""Every framing, fuzzed: what comes is taken or refused in so many words, and nothing else is ever raised.

Fluent Forward's is fuzzed in test_forward_limits.py.
"""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import cramjam
import lz4.frame
import msgpack  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from collector.encoding import snappy
from collector.encoding.compression import decode
from collector.encoding.limits import MOST_OBJECTS
from collector.encoding.protobuf import length_delimited
from collector.errors import PayloadError, PayloadTooLarge
from collector.formats.formats import FORMATS
from collector.formats.otlp.descriptor import SIGNALS
from collector.formats.otlp.json_check import check_json
from collector.receivers.forward.config import ForwardConfig, ForwardUser
from collector.receivers.forward.framing import Framer, Whole
from collector.receivers.forward.handshake import PING_PARTS, Handshake
from collector.receivers.forward.message import parse as parse_forward
from collector.receivers.grpc.als import stream_payloads
from collector.receivers.http import hec_events, msgpack_body
from collector.receivers.http.write_request import VERSION_1, VERSION_2
from collector.receivers.otlp import check_protobuf
from collector.records.json_body import recognised, unframed
from collector.spool.frame import encode, frames
from collector.spool.frame_bodies import body_of
from collector.spool.payload import Payload
from collector.spool.recovery import recover
from gatelens.machine.event_loop import EventLoopThread
from tests.collector.damage.damage_rig import ENVOY_RECORD, FLEX_MESSAGE, LINES, MESSAGES, damaged, flex_record
from tests.collector.rigs.access_logs import otlp_logs
from tests.collector.rigs.forward_rig import whole
from tests.collector.rigs.receiver_rig import forget_peak, peak_bytes

_LIMIT = 1 << 20
_BOUNDED = settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def _is_stored(name: str) -> bool:
    """Whether it becomes rows: it is of a format that clients may send, alone or with fields beside it."""
    known = FORMATS.find(name)
    return known is not None and known.name in FORMATS.ingestible


def _refuses_or_takes(check: Callable[[], Any]) -> Any:
    try:
        return check()
    except PayloadError as error:
        assert str(error).endswith(".")
        return None


@_BOUNDED
@given(
    st.binary(max_size=200)
    | damaged(MESSAGES["otlp_metrics"].body)
    | damaged(MESSAGES["otlp_logs_json"].body)
    | damaged(MESSAGES["otlp_traces_json"].body)
)
def test_otlp(body: bytes) -> None:
    _refuses_or_takes(lambda: check_protobuf(body))
    for signal in SIGNALS:
        _refuses_or_takes(partial(check_json, signal, body))


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(otlp_logs("a" * 500), mtime=0)),
        ("zstd", zstandard.compress(otlp_logs("a" * 500))),
        ("deflate", zlib.compress(otlp_logs("a" * 500))),
        ("snappy", bytes(cramjam.snappy.compress_raw(otlp_logs("a" * 500)))),
        ("x-snappy-framed", bytes(cramjam.snappy.compress(otlp_logs("a" * 500)))),
        ("lz4", lz4.frame.compress(otlp_logs("a" * 500))),
    ],
)
@_BOUNDED
@given(data=st.data())
def test_packing(encoding: str, packed: bytes, data: st.DataObject) -> None:
    body = data.draw(damaged(packed))
    unpacked = _refuses_or_takes(lambda: decode(body, encoding, _LIMIT))
    assert unpacked is None or len(unpacked) <= _LIMIT


@pytest.mark.parametrize("name", ["prometheus_write", "prometheus_write_v2"])
@_BOUNDED
@given(data=st.data())
def test_remote_write(name: str, data: st.DataObject) -> None:
    version = {"prometheus_write": VERSION_1, "prometheus_write_v2": VERSION_2}[name]
    packed = bytes(cramjam.snappy.compress_raw(MESSAGES[name].body))
    body = data.draw(st.binary(max_size=200) | damaged(packed))
    unpacked = _refuses_or_takes(lambda: snappy.decode_block(body, _LIMIT))
    if unpacked is not None:
        assert len(unpacked) <= _LIMIT
        _refuses_or_takes(lambda: version.contents(unpacked))


@settings(_BOUNDED, max_examples=60)
@given(st.lists(st.just(MESSAGES["envoy_als"].body) | damaged(MESSAGES["envoy_als"].body), max_size=4))
def test_streams_of_the_access_log_service(bodies: list[bytes]) -> None:
    async def messages() -> AsyncIterator[bytes]:
        for body in bodies:
            yield body

    async def taken() -> list[bytes]:
        return [payload async for payload in stream_payloads(messages())]

    loop = EventLoopThread("als")
    try:
        _refuses_or_takes(lambda: loop.run(taken()))
    finally:
        loop.close()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=10,
)
_TEXT_LINES = st.sampled_from([line.decode() for line in LINES.values()]) | st.text()
_RECORDS = st.one_of(
    st.just(dict(ENVOY_RECORD)),
    st.just(json.loads(flex_record(FLEX_MESSAGE))),
    st.dictionaries(
        st.sampled_from(["log", "message", "event", "logger"]) | st.text(max_size=9), _VALUES | _TEXT_LINES
    ),
    st.fixed_dictionaries({"log": _TEXT_LINES | _VALUES}),
)
# A body as clients write them: an array, one a line, one after the other, over many lines.
_FRAMES: st.SearchStrategy[Callable[[list[Any]], str]] = st.sampled_from(
    [
        json.dumps,
        lambda items: "\n".join(map(json.dumps, items)),
        lambda items: "".join(map(json.dumps, items)),
        lambda items: " \r\n ".join(json.dumps(item, indent=1) for item in items),
        lambda items: json.dumps(items, ensure_ascii=False),
    ]
)


def _written(frame: Callable[[list[Any]], str], items: list[Any]) -> bytes:
    return frame(items).encode("utf-8", "surrogatepass")


_DEEP = st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b'[{"a":' + b"[" * 100_000, b'{"log":' * 50_000])


@st.composite
def _json_bodies(draw: st.DrawFn, items: st.SearchStrategy[Any]) -> bytes:
    body = _written(draw(_FRAMES), draw(st.lists(items, min_size=1, max_size=5)))
    return draw(st.just(body) | damaged(body) | st.binary(max_size=60) | _DEEP)


@_BOUNDED
@given(
    _json_bodies(_RECORDS | _TEXT_LINES), st.sampled_from(["", "json", "flex", "envoy_json", "combined", "mule_log"])
)
def test_bodies_of_json(body: bytes, name: str) -> None:
    lines = _refuses_or_takes(lambda: unframed(body))
    if lines is None:
        return
    for found, taken, _ in recognised(lines, FORMATS, name):
        assert _is_stored(found)
        assert isinstance(taken, bytes)
        assert FORMATS.recogniser.detect(taken) in (None, *FORMATS.ingestible)


_EVENTS = st.fixed_dictionaries(
    {"event": _RECORDS | _TEXT_LINES | _VALUES},
    optional={
        "time": _VALUES,
        "host": st.none() | st.text() | _VALUES,
        "source": st.text(),
        "sourcetype": st.sampled_from(["access_combined", "_json"]) | st.text(),
        "fields": _VALUES,
    },
)


@_BOUNDED
@example(json.dumps({"event": {**ENVOY_RECORD}, "host": None, "fields": {"": None}}).encode(), "")
@given(_json_bodies(_EVENTS | _VALUES), st.sampled_from(["", "json", "flex", "combined", "mule_log"]))
def test_events_of_splunk(body: bytes, name: str) -> None:
    try:
        groups = hec_events.groups(hec_events.parse(body, FORMATS), FORMATS, FORMATS.source_types, name)
    except hec_events.InvalidEvent as error:
        assert error.number >= 0
    else:
        assert all(_is_stored(group.format) and isinstance(group.lines, bytes) for group in groups)
    raw = _refuses_or_takes(lambda: hec_events.raw(body, FORMATS, name))
    assert all(_is_stored(found) for found, _, _ in raw or [])


_ENTRIES = st.tuples(
    st.floats() | st.integers(-(2**63), 2**63) | st.lists(st.floats() | st.text() | st.none(), max_size=2),
    st.just({"log": "x"}),
)


@st.composite
def _msgpack_bodies(draw: st.DrawFn) -> bytes:
    body = b"".join(msgpack.packb(entry) for entry in draw(st.lists(_ENTRIES, min_size=1, max_size=5)))
    return draw(st.just(body) | damaged(body) | st.binary(min_size=1, max_size=60))


@_BOUNDED
@given(_msgpack_bodies().filter(bool), st.sampled_from(["", "json", "flex", "combined"]))
def test_bodies_of_messagepack(body: bytes, name: str) -> None:
    found = _refuses_or_takes(lambda: msgpack_body.payloads(body, name, _LIMIT, FORMATS))
    for format_name, lines, _ in found or []:
        assert format_name == "undecodable" or _is_stored(format_name)
        assert lines


_CONFIG = ForwardConfig(shared_key=SecretStr("key"), users=(ForwardUser(name="agent", password=SecretStr("secret")),))
_PING = ["PING", "host", b"\xff" * 16, "0" * 128, "agent", "0" * 128]
_PINGS: st.SearchStrategy[list[Any]] = st.lists(
    st.sampled_from([*_PING, "HELO", "PONG", "ü", b"\xff", None, 1, [], {}]) | st.text() | st.binary(max_size=20),
    max_size=7,
)


def _whole_ping(data: bytes) -> Whole:
    """A message as the server is given it, which ends a connection that sends anything but one."""
    framer = Framer(1000, PING_PARTS)
    framer.feed(data)
    messages = framer.messages()
    if len(messages) != 1:
        raise PayloadError("There is no single message.")
    return messages[0]


@_BOUNDED
@given(_PINGS.map(msgpack.packb) | damaged(msgpack.packb(_PING)) | st.binary(max_size=80))
def test_handshakes(ping: bytes) -> None:
    told = _refuses_or_takes(lambda: Handshake(_CONFIG, "gatelens").pong(_whole_ping(ping)))
    # Nobody is let in by chance.
    assert told is None or told[1] in ("shared_key mismatch", "username/password mismatch")


_FRAMES_ON_DISK = b"".join(
    encode(Payload("json", body, 1, "environment", "gateway", "peer")) for body in (b"", b"{}\n", b"x" * 300)
)


@_BOUNDED
@given(damaged(_FRAMES_ON_DISK) | st.binary(max_size=100))
def test_frames_of_the_spool(data: bytes) -> None:
    whole = list(frames(data))
    assert b"".join(whole) == data[: sum(map(len, whole))]
    assert all(bytes(frame[-5:]) == b"\x75\xe5\x1d\xa9\x5e" for frame in whole)


@settings(_BOUNDED, max_examples=40)
@given(data=damaged(_FRAMES_ON_DISK) | st.binary(max_size=100))
def test_segments_that_a_stopped_process_left(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "00000000000000000001.json.id.open"
    path.write_bytes(data)
    kept = 0
    for segment in recover(tmp_path, lambda deliveries: None).segments:
        for frame in frames(segment.path.read_bytes()):
            kept += len(frame) if segment.format == "json" else len(body_of(bytes(frame)) or b"")
        segment.path.unlink()
    assert kept == len(data)
    assert list(tmp_path.iterdir()) == []


_TOO_MANY = MOST_OBJECTS + 1
_TOO_MANY_EVENTS = 500_001
_EMPTY_ARRAY = b"\x92\xa1t\xdd" + (1_000_001).to_bytes(4, "big") + b"\xc0" * 1_000_001


@pytest.mark.parametrize(
    "take",
    [
        lambda: unframed(b"{}" * _TOO_MANY),
        lambda: unframed(b"[{}" + b",1" * 2 * _TOO_MANY + b"]"),
        lambda: unframed(b'[""' + b',""' * 2 * _TOO_MANY + b"]"),
        lambda: hec_events.parse(b'{"event":1}' * _TOO_MANY_EVENTS, FORMATS),
        lambda: hec_events.parse(b'{"event":{}}' * (_TOO_MANY_EVENTS // 2 + 1), FORMATS),
        lambda: hec_events.raw(b"x\n" * _TOO_MANY_EVENTS, FORMATS, ""),
        lambda: hec_events.raw(b"x\r" * _TOO_MANY_EVENTS, FORMATS, ""),
        lambda: check_json("logs", b'{"resourceLogs":[{}' + b",{}" * _TOO_MANY + b"]}"),
        lambda: VERSION_1.contents(b"\x0a\x00" * 1_000_001),
        lambda: VERSION_2.contents(b"\x2a\x00" * 1_000_001),
        lambda: VERSION_1.contents(b"\x73\x74" + b"\x0a\x00" * (30 << 20)),
        lambda: VERSION_1.contents(length_delimited(1, b"\x12\x00" * (30 << 20))),
        lambda: VERSION_2.contents(length_delimited(5, b"\x12\x02\x08\x00" * (15 << 20))),
        lambda: parse_forward(whole(_EMPTY_ARRAY), 1 << 25),
        lambda: parse_forward(whole(msgpack.packb(["t", b"\x92\x01\x80" * 1_000_001])), 1 << 25),
        lambda: parse_forward(
            whole(msgpack.packb(["t", gzip.compress(b"\xc0" * 1_000_001), {"compressed": "gzip"}])), 1 << 25
        ),
        lambda: msgpack_body.payloads(b"\x90" * 1_000_001, "json", 1 << 25, FORMATS),
    ],
)
def test_what_would_be_too_many_objects_is_refused(take: Callable[[], object]) -> None:
    """As objects they would take a hundred times the memory, and minutes."""
    before = forget_peak()
    with pytest.raises(PayloadTooLarge):
        take()
    assert peak_bytes() - before < 300 << 20
