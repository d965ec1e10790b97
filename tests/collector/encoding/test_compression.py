"""Packed bodies of many members are unpacked in one pass over them, and are refused where there are too many."""

import gzip
import random
import zlib
from collections.abc import Callable

import cramjam
import lz4.frame
import pytest
import zstandard

from collector.encoding import compression
from collector.encoding.compression import decode
from collector.errors import PayloadError, PayloadTooLarge, UnknownEncoding

_LIMIT = 4 << 20
_MOST = 100_000
_PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "lz4": lz4.frame.compress,
}


@pytest.mark.parametrize("encoding", _PACK)
@pytest.mark.parametrize("content", [b"", b"x"])
def test_more_members_than_any_client_sends_are_refused(encoding: str, content: bytes) -> None:
    packed = _PACK[encoding](content)
    assert decode(packed * _MOST, encoding, _LIMIT) == content * _MOST
    with pytest.raises(PayloadError, match=f"The {encoding} body has more than {_MOST} members"):
        decode(packed * (_MOST + 1), encoding, _LIMIT)


@pytest.mark.parametrize("encoding", _PACK)
def test_members_of_all_sizes_stand_one_after_the_other(encoding: str) -> None:
    sizes = [0, 1, 300_000, 0, 65_536, 65_500, 700_000, 10]
    contents = [random.Random(size).randbytes(size) for size in sizes]
    packed = b"".join(map(_PACK[encoding], contents))
    assert decode(packed, encoding, _LIMIT) == b"".join(contents)
    with pytest.raises(PayloadError, match="cut off"):
        decode(packed[:-5], encoding, _LIMIT)
    with pytest.raises(PayloadTooLarge):
        decode(packed, encoding, sum(sizes) - 1)


def _block(content: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(content))


def _stream(content: bytes) -> bytes:
    return bytes(cramjam.snappy.compress(content))


@pytest.mark.parametrize("size", [1, 65_536, 700_000])
def test_snappy_is_a_block_or_a_stream(size: int) -> None:
    content = random.Random(size).randbytes(size)
    for encoding, packed in (
        ("snappy", _block(content)),
        ("snappy", _stream(content)),
        ("x-snappy-framed", _stream(content)),
        ("X-Snappy-Framed", _stream(content) + b"\xfe\x02\0\0pp"),
    ):
        assert decode(packed, encoding, size) == content
        with pytest.raises(PayloadTooLarge):
            decode(packed, encoding, size - 1)
        with pytest.raises(PayloadError, match="not in snappy's"):
            decode(packed[:-1], encoding, size)
    with pytest.raises(PayloadError, match="framing format"):
        decode(_block(content), "x-snappy-framed", size)


def test_snappy_of_chunks_that_hold_nothing_is_refused() -> None:
    stream, nothing = _stream(b"x"), b"\xfe\0\0\0"
    assert decode(stream + nothing * (_MOST - 2), "snappy", _LIMIT) == b"x"
    with pytest.raises(PayloadError, match=f"more than {_MOST} chunks"):
        decode(stream + nothing * _MOST, "snappy", _LIMIT)


def test_a_size_that_snappy_does_not_keep_is_damage() -> None:
    with pytest.raises(PayloadError, match="block format"):
        decode(b"\xe8\x07" + _block(b"x" * 10)[1:], "snappy", _LIMIT)


def test_an_unknown_encoding_is_reported_with_those_that_are_known() -> None:
    known = "gzip, deflate, zlib, zstd, snappy, x-snappy-framed, lz4 or none"
    with pytest.raises(UnknownEncoding, match=f"Content-Encoding 'br' is not known; use {known}"):
        decode(b"x", "br", _LIMIT)


def test_what_follows_a_member_is_not_copied_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []

    def unpack(member: "zlib._Decompress", piece: memoryview, room: int) -> bytes:
        given.append(len(piece))
        return member.decompress(piece, room)

    monkeypatch.setattr(compression, "_inflate_piece", unpack)
    large = random.Random(1).randbytes(1 << 20)
    members = [*[gzip.compress(b"x")] * 100, gzip.compress(large), *[gzip.compress(b"y")] * 100]
    assert decode(b"".join(members), "gzip", _LIMIT) == b"x" * 100 + large + b"y" * 100
    assert sum(given) < 210 * (64 << 10) + 4 * len(large)
