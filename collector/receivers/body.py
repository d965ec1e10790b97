"""A request's body: read up to a limit, unpacked up to the same limit."""

import zlib
from collections.abc import AsyncIterator, Callable

import zstandard

from storage.errors import PayloadError, PayloadTooLarge

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


async def read_body(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """The whole body as it was sent; raises PayloadTooLarge as soon as it passes `limit` bytes."""
    gathered: list[bytes] = []
    size = 0
    async for chunk in chunks:
        gathered.append(chunk)
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
    return b"".join(gathered)


def decode(body: bytes, encoding: str, limit: int) -> bytes:
    """A body unpacked by its Content-Encoding: '', 'identity', 'gzip', 'deflate' or 'zstd'.

    Raises PayloadTooLarge as soon as it unpacks to more than `limit` bytes, so that a small bomb takes no more memory
    than that; PayloadError where it is damaged or of unknown encoding.
    """
    if not body:
        return body
    unpack = _ENCODINGS.get(encoding.strip().lower())
    if unpack is None:
        raise PayloadError(f"Content-Encoding {encoding!r} is not known; use gzip, deflate, zstd or none.")
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
    unpacked = bytearray()
    rest = body
    try:
        while rest:
            member = zlib.decompressobj(window)
            unpacked += member.decompress(rest, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise _too_large(limit)
            if not member.eof:
                raise PayloadError(f"The {encoding} body is cut off; send it whole.")
            rest = member.unused_data
    except zlib.error as error:
        raise PayloadError(f"The body is not {encoding}: {error}.") from error
    return bytes(unpacked)


def _unzstd(body: bytes, limit: int) -> bytes:
    unpacked = bytearray()
    rest = body
    try:
        _check_zstd_size(body, limit)
        while rest:
            frame = zstandard.ZstdDecompressor().decompressobj()
            unpacked += frame.decompress(rest)
            if not frame.eof:
                raise PayloadError("The zstd body is cut off; send it whole.")
            rest = frame.unused_data
    except zstandard.ZstdError as error:
        raise PayloadError(f"The body is not zstd: {error}.") from error
    return bytes(unpacked)


def _check_zstd_size(body: bytes, limit: int) -> None:
    """Only a reader unpacks piece by piece, and only a whole frame tells that it is not cut off: hence twice."""
    size = 0
    with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
        while chunk := reader.read(1 << 20):
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit} bytes; send smaller batches or raise the limit.")


_ENCODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "": _plain,
    "identity": _plain,
    "gzip": _gunzip,
    "deflate": _undeflate,
    "zstd": _unzstd,
}
