"""Snappy in its two formats: one block, as Prometheus sends it, or a stream of chunks, as the framing format has it.

https://github.com/google/snappy/blob/main/framing_format.txt
"""

import cramjam

from collector.encoding.limits import body_too_large
from collector.errors import PayloadError

# What every stream begins with. A block that did would be 895 bytes whose first is a literal of its own.
_STREAM = b"\xff\x06\x00\x00sNaPpY"
_COMPRESSED, _UNCOMPRESSED = 0, 1
_HEAD_BYTES, _CHECKSUM_BYTES = 4, 4
# A chunk holds up to 64 KiB. Of tiny ones that nobody sends, a body would have millions to look at.
_MOST_CHUNKS = 100_000


def decode(body: bytes, limit: int) -> bytes:
    """A body in either format, which senders give one name; raises PayloadError, PayloadTooLarge.

    The OpenTelemetry Collector called the stream `snappy` up to v0.122, and the block since.
    """
    return decode_stream(body, limit) if body.startswith(_STREAM) else decode_block(body, limit)


def decode_stream(body: bytes, limit: int) -> bytes:
    """A body in the framing format; raises PayloadError, PayloadTooLarge before anything is unpacked."""
    if not body.startswith(_STREAM):
        raise PayloadError("The body is not in snappy's framing format; check its Content-Encoding.")
    if _stream_size(body) > limit:
        raise body_too_large(limit)
    try:
        return bytes(cramjam.snappy.decompress(body))
    except cramjam.DecompressionError as error:
        raise PayloadError(f"The body is not in snappy's framing format: {error}.") from error


def decode_block(body: bytes, limit: int) -> bytes:
    """A body in the block format; raises PayloadError, PayloadTooLarge before anything is unpacked."""
    if block_size(body) > limit:
        raise body_too_large(limit)
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise _not_a_block(error) from error


def block_size(body: bytes) -> int:
    """What a body in the block format says that it unpacks to, and never more; raises PayloadError."""
    try:
        return int(cramjam.snappy.decompress_raw_len(body))
    except cramjam.DecompressionError as error:
        raise _not_a_block(error) from error


def _stream_size(body: bytes) -> int:
    """What the chunks of a stream say that they unpack to, and never more."""
    position = size = chunks = 0
    while position + _HEAD_BYTES <= len(body):
        chunks += 1
        if chunks > _MOST_CHUNKS:
            raise PayloadError(f"The snappy body has more than {_MOST_CHUNKS} chunks; pack more into each.")
        kind = body[position]
        begin = position + _HEAD_BYTES
        position = begin + int.from_bytes(body[position + 1 : begin], "little")
        if kind == _COMPRESSED:
            size += block_size(body[begin + _CHECKSUM_BYTES : position])
        elif kind == _UNCOMPRESSED:
            size += max(position - begin - _CHECKSUM_BYTES, 0)
    return size


def _not_a_block(error: Exception) -> PayloadError:
    return PayloadError(f"The body is not in snappy's block format: {error}.")
