"""Records that are alike become the same lines as when each is looked at."""

import json
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats.formats import FORMATS
from collector.intake.chunk_delivery import Kind
from collector.receivers.forward.alike import lines_alike
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.entries import decode
from collector.receivers.forward.lines import Rules, classified
from collector.receivers.forward.message import Message
from collector.receivers.forward.records import Records
from collector.records.classify import Classifier
from tests.collector.rigs.forward_rig import MOMENT, event_time

_ACCESS = {"start_time": "2026-11-23T10:15:30Z", "method": "GET", "path": "/pets", "response_code": 200, "took": 0.5}
_ORDER = {"log": "an order is lost"}

_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 64) - 1), st.floats(), st.text(), st.binary(),
    st.lists(st.integers(0, 99)), st.dictionaries(st.text(), st.text()),
)  # fmt: skip


def _packed(*records: dict[Any, Any], head: Any = MOMENT) -> bytes:
    return bytes(msgpack.packb([[head, record] for record in records]))


def _looked_at(entries: bytes) -> list[Any]:
    found, broken = decode(entries)
    assert broken == []
    [lines] = classified(found, "t", Rules(ForwardConfig(), FORMATS), Classifier(FORMATS))
    assert lines.format == "envoy_json"
    return _read(lines.body)


def _read(lines: bytes) -> list[Any]:
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.parametrize("head", [MOMENT, event_time(MOMENT), [event_time(MOMENT), {}], [event_time(MOMENT), {"a": 1}]])
@pytest.mark.parametrize("count", [1, 20, 70_000])
def test_alike(head: Any, count: int) -> None:
    entries = _packed(*[_ACCESS] * count, head=head)
    line = json.dumps(_ACCESS, separators=(",", ":")).encode() + b"\n"
    assert lines_alike(entries, FORMATS) == ("envoy_json", line * count)
    assert lines_alike(entries, FORMATS, "envoy_json") is not None
    assert lines_alike(entries, FORMATS, "json") is None


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(_ACCESS, _VALUES)), min_size=1, max_size=5))
def test_whatever_their_values_are(records: list[dict[str, Any]]) -> None:
    entries = _packed(*records)
    lines = lines_alike(entries, FORMATS)
    assert lines is None or _read(lines[1]) == _looked_at(entries)
    if not any(isinstance(value, bytes) for record in records for value in record.values()):
        assert lines is not None


@pytest.mark.parametrize(
    "records",
    [
        [_ACCESS, {"method": "GET"}],
        [_ACCESS, _ACCESS | {"more": 1}],
        [_ORDER, _ACCESS],
        [_ACCESS, _ORDER],
        [_ACCESS | {"log": "a line"}],
        [_ACCESS | {"message": "said"}],
        [_ACCESS | {"kubernetes": {"pod_name": "a-b-c"}}],
        [_ACCESS | {"path": b"\xff"}],
        [_ACCESS | {'"': 1}],
        [_ACCESS | {"\\": 1}],
        [_ACCESS | {"é": 1}],
        [_ACCESS | {"": 1}],
        [_ACCESS | {1: 1}],
        [_ACCESS | {f"key-{number}": 1 for number in range(100)}],
        [{}],
        [{"order": 4711}],
    ],
)
def test_what_has_to_be_looked_at(records: list[dict[Any, Any]]) -> None:
    assert lines_alike(_packed(*records), FORMATS) is None


@pytest.mark.parametrize(
    "entries", [b"\x90", b"\xdc\x00\x00", b"\x91", b"\x91\x92", b"\x91\xc0", b"\x92\x92\x01\x80", b"\xdd"]
)
def test_what_is_none(entries: bytes) -> None:
    assert lines_alike(entries, FORMATS) is None


def test_order_is_kept_among_messages() -> None:
    config = ForwardConfig(environment="test")
    records = Records(Rules(config, FORMATS), config)
    different = _ACCESS | {"path": "/other", "consumer": "mobile"}
    for batch in ([_ACCESS], [different, _ACCESS], [_ACCESS], [_ORDER]):
        records.add(Message("t", _packed(*batch)))
    [(_, orders), (kind, lines)] = sorted(records.payloads(), key=lambda found: len(found[1]))
    assert kind == Kind("envoy_json", "test", "")
    assert _read(lines) == [_ACCESS, different, _ACCESS, _ACCESS]
    assert b"an order is lost" in orders
