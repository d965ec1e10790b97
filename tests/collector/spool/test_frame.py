"""Frames: what goes in comes out, in Protobuf's own encoding, and a frame that is cut off is no frame."""

from hypothesis import given
from hypothesis import strategies as st

from collector.encoding.protobuf import fields, read_varint, varint
from collector.spool.frame import encode, frames
from collector.spool.payload import Payload

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
_PAYLOADS = st.builds(
    Payload,
    format=st.just("envoy_json"),
    body=st.binary(max_size=3000),
    received_at_us=st.integers(0, 2**63 - 1),
    environment=_TEXT,
    gateway=_TEXT,
    peer=_TEXT,
)


def _decoded(frame: memoryview) -> Payload:
    _, start = read_varint(frame, 0)
    said = {number: bytes(value) for number, value, _ in fields(frame[start:])}
    length = {number: read_varint(memoryview(whole), 1) for number, _, whole in fields(frame[start:]) if number == 15}
    assert length[15][0] == len(said[15])
    return Payload(
        "envoy_json",
        said[15],
        int.from_bytes(said[1], "little"),
        said.get(2, b"").decode(),
        said.get(3, b"").decode(),
        said.get(4, b"").decode(),
    )


@given(st.lists(_PAYLOADS, max_size=8))
def test_what_is_written_is_read_back(payloads: list[Payload]) -> None:
    assert [_decoded(frame) for frame in frames(b"".join(map(encode, payloads)))] == payloads


@given(st.lists(_PAYLOADS, min_size=1, max_size=4), st.data())
def test_frames_before_a_cut_are_whole(payloads: list[Payload], data: st.DataObject) -> None:
    written = [encode(payload) for payload in payloads]
    whole = b"".join(written)
    cut = data.draw(st.integers(0, len(whole) - 1))
    found = [bytes(frame) for frame in frames(whole[:cut])]
    assert found == written[: len(found)]
    assert sum(map(len, found)) <= cut < sum(map(len, written[: len(found) + 1]))


@given(st.binary(max_size=300))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    assert sum(len(frame) for frame in frames(data)) <= len(data)


@given(st.integers(0, 2**63 - 1))
def test_numbers_are_encoded_as_protobuf_has_it(number: int) -> None:
    encoded = varint(number)
    assert read_varint(memoryview(encoded), 0) == (number, len(encoded))
