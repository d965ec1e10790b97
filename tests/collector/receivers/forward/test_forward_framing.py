"""Messages are the same whether they are found in a stream or come alone, and whole or not there at all."""

from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.receivers.forward.framing import Batch, Framer
from collector.receivers.forward.message import parse
from tests.collector.forward_rig import MOMENT, event_time

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
    return message.tag, bytes(message.entries), message.broken, message.chunk, message.set_aside


@pytest.mark.parametrize(("messages", "is_batch"), [(_BATCHES, True), (_OTHERS, False)])
def test_in_a_stream_as_alone(messages: list[Any], is_batch: bool) -> None:
    packed = [msgpack.packb(message) for message in messages]
    framer = Framer(_LIMIT)
    framer.feed(b"".join(packed))
    found = framer.messages()
    assert framer.size == 0
    assert [isinstance(message, Batch) for message in found] == [is_batch] * len(packed)
    assert [_fields(parse(message, _LIMIT)) for message in found] == [_fields(parse(data, _LIMIT)) for data in packed]


@pytest.mark.parametrize("message", [_BATCHES[6], _BATCHES[17], *_OTHERS])
def test_a_message_is_there_with_its_last_byte(message: Any) -> None:
    data = msgpack.packb(message)
    for cut in range(len(data)):
        framer = Framer(_LIMIT)
        framer.feed(data[:cut])
        assert framer.messages() == []
        framer.feed(data[cut:])
        [found] = framer.messages()
        assert _fields(parse(found, _LIMIT)) == _fields(parse(data, _LIMIT))
