"""Packed bodies of many members are unpacked in one pass over them, and are refused where there are too many."""

import gzip
import random
import zlib
from collections.abc import Callable

import pytest
import zstandard

from collector.encoding import compression
from collector.encoding.compression import decode
from collector.errors import PayloadTooLarge
from storage.errors import PayloadError

_LIMIT = 4 << 20
_MOST = 100_000
_PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
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
