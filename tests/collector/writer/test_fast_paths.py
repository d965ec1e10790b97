"""A fast path makes the rows that the whole statement makes, or fails; then the whole statement is used."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.config import SpoolConfig
from collector.spool.frame import encode
from collector.spool.payload import Payload
from collector.spool.segment import Segment
from collector.spool.spool import Spool
from storage.errors import QueryFailed, QueryMemoryExceeded
from storage.store import Store
from tests.collector.inputs.golden_cases import CASES, PEER, RECEIVED_AT, Case, rows_of
from tests.collector.rigs.failing_store import FailingStore, Load
from tests.collector.rigs.storing import writer_of

_NUMBERS = itertools.count()
_LIST = AnyValue(array_value=ArrayValue(values=[AnyValue(string_value="a")]))

_KNOWN = [
    AnyValue(),
    *(AnyValue(string_value="é" * (length // 2) + "x" * (length % 2)) for length in (0, 1, 2, 126, 127, 128, 129, 130)),
    *(AnyValue(string_value="y" * length) for length in (255, 256, 16_383, 16_384, 16_385, 2_097_151)),
    AnyValue(bool_value=True),
    AnyValue(bool_value=False),
    *(AnyValue(int_value=number) for number in (0, 1, 127, 128, 300, 2**31, 2**55, 2**56 - 1)),
    *(AnyValue(double_value=number) for number in (0.0, -1.5, 1e300, float("inf"))),
]
_UNKNOWN = [
    AnyValue(string_value="z" * 2_097_152),
    AnyValue(int_value=2**56),
    AnyValue(int_value=-1),
    AnyValue(bytes_value=b"raw"),
    _LIST,
]
# A second field behind the text, an integer that is longer than it need be, and what is cut off.
_ODD_ENCODINGS = [b"\x0a\x03abc\x40\x07", b"\x18\x81\x80\x00", b"\x0a\x01", b"\x18", b"\x21\x00"]


def _request(value: bytes, name: str = "told", *, in_body: bool = False) -> bytes:
    """An ExportLogsServiceRequest of which one attribute, or the body, is a value in its bytes."""
    encoded = LogRecord(time_unix_nano=time.time_ns()).SerializeToString()
    if in_body:
        encoded += _field(0x2A, value)
    else:
        encoded += _field(0x32, KeyValue(key=name).SerializeToString() + _field(0x12, value))
    return _field(0x0A, _field(0x12, _field(0x12, encoded)))


def _field(tag: int, content: bytes) -> bytes:
    size, left = bytearray(), len(content)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([tag, *size, left]) + content


def _fast_path() -> Format:
    fast_path = FORMATS["otlp_logs"].fast_path
    assert fast_path is not None
    return fast_path


def _rows(store: Store, directory: Path, reading: Format, body: bytes) -> list[dict[str, Any]]:
    segment = f"fast-path-{next(_NUMBERS)}"
    file = directory / "segment.ready"
    file.write_bytes(encode(Payload(reading.name, body, int(RECEIVED_AT.timestamp() * 1_000_000), "s", peer=PEER)))
    of = transform(reading, segment, file, TransformConfig())
    store.load(of.statement, of.table, of.columns, segment, of.schema)
    return rows_of(store, segment)


def _are_alike(store: Store, directory: Path, body: bytes, records: int) -> None:
    """See that the fast path makes the same rows of all records; a row that differs says what it was made of."""
    short = sorted(map(repr, _rows(store, directory, _fast_path(), body)))
    whole = sorted(map(repr, _rows(store, directory, FORMATS["otlp_logs"], body)))
    assert [row for row in zip(short, whole, strict=True) if row[0] != row[1]] == []
    assert len(short) == records


@pytest.mark.parametrize("in_body", [False, True], ids=["attribute", "body"])
def test_values_that_it_knows(store: Store, tmp_path: Path, in_body: bool) -> None:
    requests = [_request(value.SerializeToString(), in_body=in_body) for value in _KNOWN]
    # Requests behind each other are one with the records of all.
    _are_alike(store, tmp_path, b"".join(requests), len(_KNOWN))


@pytest.mark.parametrize("in_body", [False, True], ids=["attribute", "body"])
@pytest.mark.parametrize(
    "value",
    [*(value.SerializeToString() for value in _UNKNOWN), *_ODD_ENCODINGS],
    ids=[
        *(f"{value.WhichOneof('value')} of {value.ByteSize()}" for value in _UNKNOWN),
        *(value.hex() for value in _ODD_ENCODINGS),
    ],
)
def test_a_value_that_it_does_not_know(store: Store, tmp_path: Path, value: bytes, in_body: bool) -> None:
    with pytest.raises(QueryFailed, match="neither a string nor a bool nor a number"):
        _rows(store, tmp_path, _fast_path(), _request(value, in_body=in_body))


_SCALARS = st.one_of(
    st.text(max_size=200).map(lambda text: AnyValue(string_value=text)),
    st.integers(0, 2**56 - 1).map(lambda number: AnyValue(int_value=number)),
    st.floats().map(lambda number: AnyValue(double_value=number)),
    st.booleans().map(lambda truth: AnyValue(bool_value=truth)),
)


@given(records=st.lists(st.tuples(st.text(max_size=300), st.lists(_SCALARS, max_size=8)), min_size=1, max_size=20))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_scalars(store: Store, tmp_path: Path, records: list[tuple[str, list[AnyValue]]]) -> None:
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add().scope_logs.add().log_records
    for body, values in records:
        record = logs.add(time_unix_nano=1_795_428_000_000_000_000)
        record.body.string_value = body
        for number, value in enumerate(values):
            record.attributes.add(key=f"name{number}").value.CopyFrom(value)
    _are_alike(store, tmp_path, request.SerializeToString(), len(records))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.format == "otlp_logs"], ids=lambda case: str(case.name)
)
def test_golden_cases(store: Store, tmp_path: Path, case: Case) -> None:
    try:
        rows = _rows(store, tmp_path, _fast_path(), case.body())
    except QueryFailed:
        assert _has_lists_or_maps(case.body())
    else:
        assert rows == _rows(store, tmp_path, FORMATS["otlp_logs"], case.body())


_PLAIN_LOGS = ("combined/quotes", "combined/targets", "common/apache")
_PLAIN = b'10.0.0.1 - - [23/Nov/2026:10:15:30 +0000] "GET /orders HTTP/1.1" 200 10 "-" "curl/8.5.0"'


@pytest.mark.parametrize("case", [case for case in CASES if case.name in _PLAIN_LOGS], ids=lambda case: str(case.name))
def test_an_access_log_to_which_nothing_is_added(store: Store, tmp_path: Path, case: Case) -> None:
    whole = FORMATS[case.format]
    assert whole.fast_path is not None
    messages = b"\n2026/11/23 10:15:42 [notice] 1#1: signal 17 (SIGCHLD) received\n" + _PLAIN + b"\r\n"
    body = case.body() + messages
    assert _rows(store, tmp_path, whole.fast_path, body) == _rows(store, tmp_path, whole, body)


@pytest.mark.parametrize(
    "line",
    [
        _PLAIN + b" 0.012",
        _PLAIN + b' "198.51.100.7"',
        _PLAIN.replace(b"curl", b'"curl"'),
        _PLAIN.replace(b'"-"', b"-"),
        _PLAIN.replace(b" 10 ", b" 10 0.012 "),
        _PLAIN.replace(b'"GET', b'18598 "GET'),
        _PLAIN.partition(b' "-"')[0] + b" 48211",
        _PLAIN[:-5],
        b"no line of it",
    ],
)
def test_an_access_log_with_more_takes_the_whole_statement(store: Store, tmp_path: Path, line: bytes) -> None:
    whole = FORMATS["combined"]
    assert whole.fast_path is not None
    with pytest.raises(QueryFailed, match="more than a common or combined line"):
        _rows(store, tmp_path, whole.fast_path, _PLAIN + b"\n" + line + b"\n")


def _has_lists_or_maps(body: bytes) -> bool:
    text = str(ExportLogsServiceRequest.FromString(body))
    return any(word in text for word in ("array_value", "kvlist_value", "bytes_value"))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, SpoolConfig(segment_age=60))
    yield opened
    opened.close()


def _sealed(spool: Spool, body: bytes) -> Segment:
    segment_id = f"fast-path-{next(_NUMBERS)}"
    spool.append_segment(segment_id, [Payload("otlp_logs", body, time.time_ns() // 1000, "s", peer=PEER)])
    segment = spool.take(0)
    assert segment is not None
    return segment


def test_the_writer_goes_around_it_for_a_while_where_it_fails(store: Store, spool: Spool) -> None:
    failing = FailingStore(store)
    writer = writer_of(failing, spool)
    plain, nested = _request(b"\x0a\x01x"), _request(_LIST.SerializeToString())
    segments = [_sealed(spool, body) for body in (plain, nested, *[plain] * 16)]
    for segment in segments:
        writer.store(segment)
    schemas = [load.schema for load in failing.loads]
    assert schemas == ["otlp_scalar_logs", "otlp_scalar_logs", *["otlp_logs"] * 16, "otlp_scalar_logs"]
    assert [len(rows_of(store, segment.id)) for segment in segments] == [1] * 18
    assert rows_of(store, segments[1].id)[0]["attributes"] == {"told": '["a"]'}


def test_what_takes_too_much_on_its_way_into_the_tables_is_ended_by_it(store: Store, spool: Spool) -> None:
    failing = FailingStore(store, [QueryMemoryExceeded("too much")])
    segment = _sealed(spool, _request(b"\x0a\x01x"))
    writer_of(failing, spool).store(segment)
    assert failing.loads == [Load(segment.id, "otlp_scalar_logs", is_roomy) for is_roomy in (False, True)]
    assert len(rows_of(store, segment.id)) == 1


def test_what_fails_behind_it_is_tried_again_by_it(store: Store, spool: Spool) -> None:
    failing = FailingStore(store, [QueryFailed("a view is broken")])
    writer, segment = writer_of(failing, spool), _sealed(spool, _request(b"\x0a\x01x"))
    with pytest.raises(QueryFailed, match="a view is broken"):
        writer.store(segment)
    assert segment.path.exists()
    writer.store(segment)
    assert [load.schema for load in failing.loads] == ["otlp_scalar_logs"] * 2
    assert len(rows_of(store, segment.id)) == 1
