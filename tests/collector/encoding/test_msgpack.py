"""MessagePack as agents write it: values read leniently, and their ends found in one pass."""

from datetime import UTC, datetime

import msgpack  # type: ignore[import-untyped]
import pytest
from msgspec.msgpack import Ext

from collector.encoding.msgpack import NotWhole, Values, decode, decode_raw, ends, value_size
from collector.errors import PayloadError


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, 127, 128, 255, 65_536, 2**32, 2**64 - 1, -1, -32, -33, -129, -(2**31), -(2**63), 1.5,
        "", "x" * 31, "x" * 32, "x" * 256, "é" * 70_000, [], [1] * 15, [1] * 16, [1] * 70_000, {}, {"a": {"b": [None]}},
        {str(n): n for n in range(20)}, {str(n): n for n in range(70_000)},
    ],
)  # fmt: skip
def test_a_value_is_read_as_any_reads_it(value: object) -> None:
    assert decode(msgpack.packb(value)) == value
    assert decode(msgpack.packb(1.5, use_single_float=True)) == 1.5


def test_what_is_no_value_is_refused() -> None:
    for data in (b"", b"\xc1", b"\xa5abc", b"\x92\x01", b"\x81", b"\xd9", b"\x91" * 200 + b"\xc0", b"\xc7\x05\x00ab"):
        with pytest.raises(PayloadError):
            decode(data)


def test_extensions_of_every_size() -> None:
    for size in (1, 2, 4, 8, 16, 3, 300, 70_000):
        found = decode(msgpack.packb(msgpack.ExtType(5, b"x" * size)))
        assert isinstance(found, Ext)
        assert (found.code, bytes(found.data)) == (5, b"x" * size)


@pytest.mark.parametrize(
    ("packed", "expected"),
    [
        # Keys that are no text: numbers, nothing, binary, lists.
        (b"\x84\x01\x02\xc0\x03\xc4\x01k\x04\x91\x05\x06", {"1": 2, "None": 3, "k": 4, "[5]": 6}),
        # Text that is no UTF-8, as a key and as a value, and binary.
        (b"\x82\xa2\xffx\xa4\xe9t\xe9!\xa1b\xc4\x02\xff\xfe", {"\\xffx": "\\xe9t\\xe9!", "b": "\\xff\\xfe"}),
        # Of keys that come twice, the last.
        (b"\x82\xa1a\x01\xa1a\x02", {"a": 2}),
        (msgpack.packb(msgpack.Timestamp(1_795_428_930, 500_000_000)), datetime.fromtimestamp(1_795_428_930.5, UTC)),
    ],
)
def test_what_json_does_not_have_becomes_text(packed: bytes, expected: object) -> None:
    assert decode(packed) == expected


def test_raw_values_are_bytes() -> None:
    assert decode_raw(b"\x93\xa2\xffx\xc4\x01\xff\x07") == [b"\xffx", b"\xff", 7]


@pytest.mark.parametrize(
    "packed",
    [
        # Timestamps beyond any calendar, and of a length that is none.
        b"\xc7\x0c\xff" + b"\x00" * 4 + b"\x7f" + b"\xff" * 7,
        b"\xc7\x09\xff" + b"\x00" * 9,
        b"\x91" * 2000 + b"\xc0",
        # More elements than there are bytes: no room is made for them.
        b"\xdd\xff\xff\xff\xff\xc0",
        b"\xdf\xff\xff\xff\xff\xc0\xc0",
        b"\xc0\xc0",
    ],
)
def test_what_cannot_be_a_value_is_refused(packed: bytes) -> None:
    with pytest.raises(PayloadError):
        decode(packed)
    if not packed.startswith(b"\xc7"):
        with pytest.raises(PayloadError):
            decode_raw(packed)


def test_the_ends_of_a_stream_up_to_what_is_none() -> None:
    values = [1, "text", [1, [2]], {"a": b"x" * 70_000}, None]
    packed = [msgpack.packb(value) for value in values]
    expected = [sum(map(len, packed[: number + 1])) for number in range(len(packed))]
    assert list(ends(b"".join(packed))) == expected
    assert list(ends(memoryview(b"".join(packed))[:-1])) == expected[:-1]
    assert list(ends(b"".join(packed) + b"\xc1" + packed[0])) == expected
    assert value_size(b"".join(packed[3:])) == len(packed[3])
    assert value_size(packed[3][:-1]) == 0
    with pytest.raises(PayloadError):
        value_size(b"\xc1")


def test_no_byte_is_looked_at_twice_however_small_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []

    class Counting(msgpack.Unpacker):  # type: ignore[misc]
        def feed(self, data: memoryview) -> None:
            fed.append(len(data))
            super().feed(data)

    monkeypatch.setattr("collector.encoding.msgpack.msgpack.Unpacker", Counting)
    packed = msgpack.packb([{"log": "x" * 10, "n": number} for number in range(2000)])
    values = Values(len(packed))
    for end in range(100, len(packed), 100):
        with pytest.raises(NotWhole):
            values.skip(packed[:end])
    values.skip(packed)
    assert values.end == sum(fed) == len(packed)


def test_no_more_is_kept_of_a_value_than_it_may_have() -> None:
    values = Values(1000)
    with pytest.raises(NotWhole):
        values.skip(b"\xc6\x7f\xff\xff\xff" + bytes(4 << 20))
