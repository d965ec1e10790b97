"""Bodies unpacked by their Content-Encoding, up to a limit."""

import zlib
from collections.abc import Callable
from typing import Protocol, TypeVar

import lz4.frame
import zstandard

from collector.encoding import snappy
from collector.encoding.limits import body_too_large
from collector.errors import PayloadError, UnknownEncoding

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_NOT_PACKED = ("", "identity")
# Most clients send one. Fluentd packs each event that it adds to a chunk as one of its own.
_MOST_MEMBERS = 100_000
_FIRST_PIECE_BYTES = 64 << 10
_LONGEST_SHOWN = 100


class _Member(Protocol):
    """What zlib, zstandard and lz4 unpack a member with."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...


Member = TypeVar("Member", bound=_Member)


def is_packed(encoding: str) -> bool:
    """Whether a body of this Content-Encoding has to be unpacked."""
    return encoding.strip().lower() not in _NOT_PACKED


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """A body unpacked by its Content-Encoding, '' or one of those that the OpenTelemetry Collector's receiver takes.

    Raises PayloadTooLarge as soon as it unpacks to more than `limit` bytes, so that a small bomb takes no more memory
    than that; PayloadError where it is damaged, UnknownEncoding where that is not known.
    """
    if not body:
        return body
    unpack = _ENCODINGS.get(encoding.strip().lower())
    if unpack is None:
        raise UnknownEncoding(f"Content-Encoding {encoding[:_LONGEST_SHOWN]!r} is not known; use {KNOWN} or none.")
    return unpack(body, limit)


def _plain(body: bytes, limit: int) -> bytes:
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    return _inflate(body, limit, "gzip", _GZIP_WINDOW)


def _undeflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 means zlib's envelope; some clients leave it out.
    has_envelope = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, limit, "deflate", zlib.MAX_WBITS if has_envelope else -zlib.MAX_WBITS)


def _inflate(body: bytes, limit: int, encoding: str, window: int) -> bytes:
    try:
        return _unpack_members(body, limit, encoding, lambda: zlib.decompressobj(window), _inflate_piece)
    except zlib.error as error:
        raise PayloadError(f"The body is not {encoding}: {error}.") from error


def _inflate_piece(member: "zlib._Decompress", piece: memoryview, room: int) -> bytes:
    return member.decompress(piece, room)


def _unzstd(body: bytes, limit: int) -> bytes:
    frames = zstandard.ZstdDecompressor()
    try:
        _check_zstd_size(body, limit)
        return _unpack_members(body, limit, "zstd", frames.decompressobj, _unzstd_piece)
    except zstandard.ZstdError as error:
        raise PayloadError(f"The body is not zstd: {error}.") from error


def _unzstd_piece(frame: "zstandard.ZstdDecompressionObj", piece: memoryview, room: int) -> bytes:
    # It knows no limit: that has been looked at before.
    return frame.decompress(piece)


def _unlz4(body: bytes, limit: int) -> bytes:
    try:
        return _unpack_members(body, limit, "lz4", lz4.frame.LZ4FrameDecompressor, _unlz4_piece)
    except RuntimeError as error:
        raise PayloadError(f"The body is not lz4: {error}.") from error


def _unlz4_piece(frame: "lz4.frame.LZ4FrameDecompressor", piece: memoryview, room: int) -> bytes:
    return bytes(frame.decompress(piece, max_length=room))


def _check_zstd_size(body: bytes, limit: int) -> None:
    """Decompressed twice: only a reader works in pieces, and only a whole frame shows that it is not cut off."""
    size = 0
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
        while chunk := reader.read(1 << 20):
            size += len(chunk)
            if size > limit:
                raise body_too_large(limit)


def _unpack_members(
    body: bytes,
    limit: int,
    encoding: str,
    begin: Callable[[], Member],
    unpack: Callable[[Member, memoryview, int], bytes],
) -> bytes:
    """What is in a body of members, one after the other.

    Behind a member that ends, a decompressor copies the rest of what it was given. So it is given pieces, each twice as
    large as the one before: little is copied of many small members, and a large one takes a few pieces.
    """
    packed = memoryview(body)
    unpacked: list[bytes] = []
    position = members = size = 0
    while position < len(packed):
        members += 1
        if members > _MOST_MEMBERS:
            raise PayloadError(f"The {encoding} body has more than {_MOST_MEMBERS} members; pack it as one.")
        member, length = begin(), _FIRST_PIECE_BYTES
        while not member.eof:
            piece = packed[position : position + length]
            if not piece:
                raise PayloadError(f"The {encoding} body is cut off; send it whole.")
            unpacked.append(unpack(member, piece, limit + 1 - size))
            size += len(unpacked[-1])
            if size > limit:
                raise body_too_large(limit)
            position += len(piece) - len(member.unused_data or b"")
            length *= 2
    return b"".join(unpacked)


_ENCODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "": _plain,
    "identity": _plain,
    "gzip": _gunzip,
    "deflate": _undeflate,
    "zlib": _undeflate,
    "zstd": _unzstd,
    "snappy": snappy.decode,
    "x-snappy-framed": snappy.decode_stream,
    "lz4": _unlz4,
}
KNOWN = ", ".join(name for name in _ENCODINGS if name not in _NOT_PACKED)
