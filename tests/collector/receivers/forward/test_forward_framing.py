"""Messages are the same whether they are found in a stream or come alone, and whole or not there at all."""

from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.errors import PayloadError, PayloadTooLarge
from collector.receivers.forward.framing import Framer
from collector.receivers.forward.message import parse
from tests.collector.rigs.forward_rig import MOMENT, event_time, whole

_LIMIT = 1 << 20
_ENTRY = [MOMENT, {"log": "a line"}]
_CHUNK = {"chunk": "c-1", "size": 1}
_OPTIONS: list[list[Any]] = [[], [{}], [_CHUNK], [None]]
_BATCHES = [
    [tag, [_ENTRY] * count, *options]
    for tag in ("", "app", "t" * 31, "t" * 32, "t" * 255, "ä")
    for count in (0, 1, 20)
    for options in _OPTIONS
]
_OTHERS: list[Any] = [
    ["t" * 256, [_ENTRY], _CHUNK],
    ["app", [_ENTRY], _CHUNK, None],
    ["app", MOMENT, {"log": "a line"}, _CHUNK],
    ["app", event_time(), {"log": "a line"}],
    ["app", msgpack.packb(_ENTRY), _CHUNK],
    None,
]


def _fields(message: Any) -> Any:
    if message is None:
        return None
    return message.tag, bytes(message.entries), message.broken, message.chunk, message.dead_letter_format


@pytest.mark.parametrize("messages", [_BATCHES, _OTHERS])
def test_in_a_stream_as_alone(messages: list[Any]) -> None:
    packed = [msgpack.packb(message) for message in messages]
    framer = Framer(_LIMIT)
    framer.feed(b"".join(packed))
    found = framer.messages()
    assert framer.size == 0
    assert [b"".join(message) for message in found] == [_contents(data) for data in packed]
    assert [_fields(parse(message, _LIMIT)) for message in found] == [
        _fields(parse(whole(data), _LIMIT)) for data in packed
    ]


def _contents(data: bytes) -> bytes:
    """A message without the header of its array."""
    return data if data == b"\xc0" else data[1:]


@pytest.mark.parametrize("message", [_BATCHES[6], _BATCHES[17], *_OTHERS])
def test_a_message_is_there_with_its_last_byte(message: Any) -> None:
    data = msgpack.packb(message)
    for cut in range(len(data)):
        framer = Framer(_LIMIT)
        framer.feed(data[:cut])
        assert framer.messages() == []
        framer.feed(data[cut:])
        [found] = framer.messages()
        assert _fields(parse(found, _LIMIT)) == _fields(parse(whole(data), _LIMIT))


def test_messages_in_pieces_of_every_size() -> None:
    packed = [msgpack.packb(message) for message in (_BATCHES[6], None, *_OTHERS)]
    stream = b"".join(packed)
    for size in (1, 2, 3, 7, 64, 1000):
        framer = Framer(_LIMIT)
        found = []
        for start in range(0, len(stream), size):
            framer.feed(stream[start : start + size])
            found += framer.messages()
        assert [b"".join(message) for message in found] == [_contents(data) for data in packed]
        assert framer.size == 0


def test_what_is_wrong_is_reported_behind_what_is_whole() -> None:
    framer = Framer(_LIMIT)
    framer.feed(msgpack.packb(_BATCHES[6]) + b"GET / HTTP/1.1")
    assert len(framer.messages()) == 1
    assert framer.size
    for _ in range(2):
        with pytest.raises(PayloadError, match="first byte 0x47"):
            framer.messages()


@pytest.mark.parametrize("data", [b"\x90", b"\x91\xa1t", b"\x95", b"\xdd\xff\xff\xff\xff"])
def test_more_or_fewer_parts_than_a_message_has_are_refused_at_once(data: bytes) -> None:
    framer = Framer(_LIMIT)
    framer.feed(data)
    with pytest.raises(PayloadError, match="not of Fluent Forward"):
        framer.messages()


@pytest.mark.parametrize("size", [1, 300, 4096])
def test_a_message_may_be_as_large_as_the_limit_and_no_larger(size: int) -> None:
    data = msgpack.packb(["app", [[MOMENT, {"log": "x" * size}]]])
    framer = Framer(len(data))
    framer.feed(data * 3)
    assert len(framer.messages()) == 3
    for cut in (len(data), len(data) - 1):
        small = Framer(len(data) - 1)
        small.feed(data[:cut])
        if cut < len(data):
            assert small.messages() == []
            small.feed(data[cut:])
        with pytest.raises(PayloadTooLarge):
            small.messages()
