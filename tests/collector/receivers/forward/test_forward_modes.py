"""Every mode of the Forward protocol, as bytes on a socket, becomes the same lines."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
import zstandard

from tests.collector.rigs.forward_rig import MOMENT, ForwardRig, event_time, forward

_RECORDS = [{"log": f"line {number}", "level": "info"} for number in range(3)]
_STAMPED = [
    record | {"fluent_time": (MOMENT + number) * 10**9, "fluent_tag": "app.web"}
    for number, record in enumerate(_RECORDS)
]
_WHOLE_SECONDS = [[MOMENT + number, record] for number, record in enumerate(_RECORDS)]
_EVENT_TIMES = [[event_time(MOMENT + number), record] for number, record in enumerate(_RECORDS)]
_FLUENT_BIT = [[[event_time(MOMENT + number), {}], record] for number, record in enumerate(_RECORDS)]
_OTHER_TIMES = [
    [float(MOMENT), _RECORDS[0]],
    [msgpack.Timestamp(MOMENT + 1), _RECORDS[1]],
    [[MOMENT + 2, {}], _RECORDS[2]],
]


def _stream(entries: list[Any]) -> bytes:
    return b"".join(map(msgpack.packb, entries))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForwardRig]:
    with forward(tmp_path_factory.mktemp("forward"), {"environment": "test"}) as started:
        yield started


def _sent(rig: ForwardRig, *messages: object) -> list[Any]:
    """What becomes of messages without a chunk."""
    before = rig.payloads()
    with rig.connect() as agent:
        for message in messages:
            agent.send(message)
        agent.leave()
    found = rig.since(before)
    assert all(payload["environment"] == "test" and payload["peer"] == "127.0.0.1" for payload in found)
    return [json.loads(line) for payload in found for line in payload["body"].splitlines()]


@pytest.mark.parametrize("entries", [_WHOLE_SECONDS, _EVENT_TIMES, _FLUENT_BIT, _OTHER_TIMES])
def test_forward(rig: ForwardRig, entries: list[Any]) -> None:
    assert _sent(rig, ["app.web", entries]) == _STAMPED
    assert _sent(rig, ["app.web", entries, {}]) == _STAMPED
    assert _sent(rig, ["app.web", entries, None]) == _STAMPED
    assert _sent(rig, ["app.web", entries, {"size": 3, "fluent_signal": 0}]) == _STAMPED


@pytest.mark.parametrize("entries", [_WHOLE_SECONDS, _EVENT_TIMES, _FLUENT_BIT, _OTHER_TIMES])
@pytest.mark.parametrize("options", [{}, {"size": 3}, {"size": 2}, {"size": 4}, {"size": 10**6}, {"size": "3"}])
def test_packed_forward(rig: ForwardRig, entries: list[Any], options: dict[str, Any]) -> None:
    assert _sent(rig, ["app.web", _stream(entries), options]) == _STAMPED


def test_packed_forward_in_a_string(rig: ForwardRig) -> None:
    # Agents from before MessagePack had binary.
    packed = msgpack.packb(["app.web", _stream(_EVENT_TIMES)], use_bin_type=False)
    before = rig.payloads()
    with rig.connect() as agent:
        agent.socket.sendall(packed)
        agent.leave()
    [payload] = rig.since(before)
    assert [json.loads(line) for line in payload["body"].splitlines()] == _STAMPED


@pytest.mark.parametrize("size", [{}, {"size": 3}, {"size": 71}])
def test_compressed_packed_forward(rig: ForwardRig, size: dict[str, int]) -> None:
    stream = _stream(_FLUENT_BIT)
    cut = len(msgpack.packb(_FLUENT_BIT[0]))
    members = gzip.compress(stream[:cut]) + gzip.compress(stream[cut:])
    for packed, how in (
        (gzip.compress(stream), "gzip"),
        (members, "gzip"),
        (zstandard.compress(stream), "zstd"),
        (stream, "text"),
    ):
        assert _sent(rig, ["app.web", packed, size | {"compressed": how}]) == _STAMPED


def test_message(rig: ForwardRig) -> None:
    for entries in (_WHOLE_SECONDS, _EVENT_TIMES):
        messages = [["app.web", time, record] for time, record in entries]
        assert _sent(rig, *messages) == _STAMPED
    before = rig.payloads()
    with rig.connect() as agent:
        for number, (time, record) in enumerate(_EVENT_TIMES):
            agent.send(["app.web", time, record, {"chunk": f"m-{number}"}])
            assert agent.answer() == {"ack": f"m-{number}"}
    assert len(rig.since(before)) == 3


def test_messages_that_come_in_pieces_and_at_once(rig: ForwardRig) -> None:
    data = b"\xc0".join(msgpack.packb(["app.web", [entry]]) for entry in _FLUENT_BIT)
    for size in (1, 7, 50, len(data)):
        before = rig.payloads()
        with rig.connect() as agent:
            for start in range(0, len(data), size):
                agent.socket.sendall(data[start : start + size])
            agent.leave()
        lines = b"".join(payload["body"] for payload in rig.since(before)).splitlines()
        assert [json.loads(line) for line in lines] == _STAMPED


def test_a_large_message(rig: ForwardRig) -> None:
    records = [{"log": f"{number} " + "x" * 900} for number in range(12_000)]
    with rig.connect() as agent:
        agent.send(["large", [[[event_time(), {}], record] for record in records], {"chunk": "large", "size": 12_000}])
        assert agent.answer() == {"ack": "large"}
    [body] = [payload["body"] for payload in rig.payloads() if b'"large"' in payload["body"][-20:]]
    assert [json.loads(line)["log"] for line in body.splitlines()] == [record["log"] for record in records]


def test_metadata_is_kept_and_marks_of_groups_are_not(rig: ForwardRig) -> None:
    entries = [
        [[event_time(2**32 - 1), {"schema": "otlp"}], {"resource": {}}],
        [[event_time(), {"trace": "t"}], {"log": "x"}],
        [[event_time(2**32 - 2), {}], {}],
    ]
    [record] = _sent(rig, ["groups", entries])
    assert (record["log"], record["fluent_metadata"]) == ("x", {"trace": "t"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"bytes", "bytes"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ({"a": b"\xff", 1: [b"x", None]}, {"a": "\\xff", "1": ["x", None]}),
        (event_time(), event_time().data.hex()),
        (msgpack.Timestamp(1_795_428_930), "2026-11-23T10:15:30Z"),
        ([event_time()], [event_time().data.hex()]),
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        (float("nan"), None),
        ("\0\n\u2028😀", "\0\n\u2028😀"),
        (True, True),
        (None, None),
    ],
)
def test_every_kind_of_value(rig: ForwardRig, value: object, expected: object) -> None:
    [record, other] = _sent(rig, ["values", [[MOMENT, {"value": value}], [MOMENT, {"log": "beside"}]]])
    assert record["value"] == expected
    assert other["log"] == "beside"


def test_text_that_is_no_utf_8_does_not_cost_its_batch(rig: ForwardRig) -> None:
    odd = b"\x82\xa3log\xa4\xe9t\xe9!\xa2\xffx\x01"
    fine = msgpack.packb({"log": "fine"})
    seconds = msgpack.packb(MOMENT)
    entries = b"\x93" + b"".join(b"\x92" + seconds + record for record in (fine, odd, fine))
    before = rig.payloads()
    with rig.connect() as agent:
        agent.socket.sendall(b"\x93" + msgpack.packb("odd") + entries + msgpack.packb({"chunk": "odd"}))
        assert agent.answer() == {"ack": "odd"}
    [payload] = rig.since(before)
    records = [json.loads(line) for line in payload["body"].splitlines()]
    assert [record["log"] for record in records] == ["fine", "\\xe9t\\xe9!", "fine"]
    assert records[1]["\\xffx"] == 1


def test_entries_that_are_none_become_dead_letters(rig: ForwardRig) -> None:
    broken: list[Any] = [None, [MOMENT], [MOMENT, "no record"], [MOMENT, {}, "more"], 7]
    before = rig.payloads()
    with rig.connect() as agent:
        agent.send(["broken", [*broken, [MOMENT, {"log": "whole"}]], {"chunk": "broken"}])
        assert agent.answer() == {"ack": "broken"}
    found = [(payload["format"], payload["body"]) for payload in rig.since(before)]
    assert [body for name, body in found if name == "undecodable"] == [msgpack.packb(entry) for entry in broken]
    assert [json.loads(body)["log"] for name, body in found if name == "json"] == ["whole"]


def test_many_entries_that_are_none_become_few_dead_letters(rig: ForwardRig) -> None:
    before = rig.payloads()
    with rig.connect() as agent:
        agent.send(["nothing", [None] * 5000, {"chunk": "nothing"}])
        assert agent.answer() == {"ack": "nothing"}
    found = sorted(payload["body"] for payload in rig.since(before))
    assert [len(body) for body in found] == [1] * 100 + [4900]


def test_packed_streams_that_are_damaged_become_dead_letters_behind_what_is_whole(rig: ForwardRig) -> None:
    stream = _stream(_EVENT_TIMES)
    damaged: tuple[tuple[bytes, dict[str, Any]], ...] = (
        (stream[:-1], {}),
        (stream + b"\xc1", {"size": 3}),
        (gzip.compress(stream)[:-3], {"compressed": "gzip"}),
        (b"no gzip", {"compressed": "gzip"}),
        (zlib.compress(stream), {"compressed": "gzip"}),
        (zstandard.compress(stream)[:-3], {"compressed": "zstd"}),
        (stream, {"compressed": "lz4"}),
    )
    for number, (packed, options) in enumerate(damaged):
        before = rig.payloads()
        with rig.connect() as agent:
            agent.send(["app.web", packed, options | {"chunk": f"damaged-{number}"}])
            assert agent.answer() == {"ack": f"damaged-{number}"}
        found = [(payload["format"], payload["body"]) for payload in rig.since(before)]
        [dead] = [body for name, body in found if name == "undecodable"]
        lines = [line for name, body in found if name == "json" for line in body.splitlines()]
        if "compressed" in options:
            assert (dead, lines) == (packed, [])
        else:
            whole = _STAMPED[: len(lines)]
            assert [json.loads(line) for line in lines] == whole
            assert _stream(_EVENT_TIMES[: len(lines)]) + dead == packed
            assert len(lines) >= 2
