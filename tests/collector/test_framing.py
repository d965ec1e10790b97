"""A body becomes frames of whole lines however it comes, and what waits for the end of a line is bounded."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.encoding.protobuf import fields, read_varint
from collector.spool import framing
from collector.spool.frame import encode, frames
from collector.spool.framing import Framing, Part
from collector.spool.payload import Delivery, Payload
from tests.collector.rigs.spooling import payload_of

_FRAME = 64
_DELIVERY = Delivery(b"k" * 16, b"d" * 16)


@pytest.fixture(autouse=True, scope="module")
def small_frames() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "FRAME_BYTES", _FRAME)
        yield


def _bodies(written: bytes) -> list[bytes]:
    listed = list(frames(written))
    assert sum(map(len, listed)) == len(written)
    found = []
    for frame in listed:
        _, start = read_varint(frame, 0)
        found.append(next(bytes(value) for number, value, _ in fields(frame[start:]) if number == 15))
    return found


def _arrived(pieces: list[bytes], *, has_lines: Callable[[str], bool] = lambda _: True) -> tuple[bytes, int]:
    """What is written of a body that comes in these pieces, and how much of it was waiting at most."""
    size = sum(map(len, pieces))
    arriving = Framing(has_lines).begin(payload_of(b""), size, has_delivery=True)
    written: list[Part] = []
    came = most = 0
    for piece in pieces:
        # As it is written: what waits is given out in one buffer.
        written += [bytes(part) for parts in arriving.add(piece) for part in parts]
        came += len(piece)
        most = max(most, came - sum(map(len, written)))
    return b"".join([*written, *arriving.end(_DELIVERY)]), most


@given(st.lists(st.text("ab\n", max_size=150).map(str.encode), max_size=20))
def test_it_is_the_same_body_whole_line_by_whole_line(pieces: list[bytes]) -> None:
    written, most_waiting = _arrived(pieces)
    *firsts, last = _bodies(written)
    assert b"".join([*firsts, last]) == b"".join(pieces)
    assert all(body.endswith(b"\n") for body in firsts)
    assert most_waiting <= _FRAME


def test_frames_are_as_large_as_may_be() -> None:
    line = b"x" * 15 + b"\n"
    for pieces in (
        [line * 20],
        [line] * 20,
        [line[:7], line[7:]] * 20,
        [b"xxx", b"xxxx", b"\n"] * 40,
        [line * 20, b"x"],
    ):
        written, _ = _arrived(pieces)
        sizes = list(map(len, _bodies(written)))
        assert sum(sizes) == sum(map(len, pieces))
        assert sizes[:-1] == [_FRAME] * (len(sizes) - 1)
        assert sizes[-1] <= _FRAME


def test_a_line_that_is_longer_is_in_the_last_frame() -> None:
    body = b"a\n" + b"b" * 2 * _FRAME
    for pieces in ([body], [body[:40], body[40:]], [body[:1], body[1:]]):
        written, most_waiting = _arrived(pieces)
        assert _bodies(written) == [b"a\n", b"b" * 2 * _FRAME]
        assert most_waiting <= _FRAME


def test_what_is_not_of_lines_is_one_frame() -> None:
    written, most_waiting = _arrived([b"a\n" * 50, b"b\n" * 50], has_lines=lambda _: False)
    assert _bodies(written) == [b"a\n" * 50 + b"b\n" * 50]
    assert most_waiting <= 0


def test_what_a_body_is_recognised_by_is_in_its_last_frame() -> None:
    payload = replace(payload_of(b"x" * 15 + b"\n"), body=(b"x" * 15 + b"\n") * 5, delivery=_DELIVERY)
    written = b"".join(Framing(lambda _: True).parts(payload))
    first, last = frames(written)
    assert bytes(first) == encode(replace(payload, body=payload.body[:64], delivery=None))
    assert bytes(last) == encode(replace(payload, body=payload.body[64:]))


def test_a_small_payload_is_the_frame_that_it_always_was() -> None:
    payload = Payload("envoy_json", b"a\nb", 1, peer="p", delivery=_DELIVERY)
    assert b"".join(Framing(lambda _: True).parts(payload)) == encode(payload)
