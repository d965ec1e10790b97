"""The outermost fields of a Protobuf message, without knowing the rest of it.

https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

from collector.errors import PayloadError

_MOST_FIELDS = 100_000

_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5
# Start and end of a group, which is obsolete but must still be skipped.
_GROUP = (3, 4)


def fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """(number, value, whole field with its tag) of each field; raises PayloadError where it is cut off.

    Raises it too for more fields than any client sends: to count millions of empty ones takes seconds.
    """
    position = count = 0
    while position < len(message):
        count += 1
        if count > _MOST_FIELDS:
            raise PayloadError(f"The body has more than {_MOST_FIELDS} parts; send smaller batches.")
        tag, start, end = _bounds(message, position)
        if end > len(message):
            raise PayloadError(f"The Protobuf message is cut off at byte {len(message)}.")
        yield tag >> 3, message[start:end], message[position:end]
        position = end


def places(message: bytes, number: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the value of each field `number` of a message between two places begins and ends, without an object for it.

    Raises PayloadError where one is cut off.
    """
    tag = number << 3 | _LENGTH_DELIMITED
    view = memoryview(message)
    position = start
    while position < end:
        # As most fields are, read without a call: records come by the thousand.
        if message[position] == tag and position + 2 < end and message[position + 2] < 0x80 <= message[position + 1]:
            value = position + 3
            position = value + (message[position + 1] & 0x7F | message[position + 2] << 7)
            found = tag
        else:
            found, value, position = _bounds(view, position)
        if position > end:
            raise PayloadError(f"The Protobuf message is cut off at byte {end}.")
        if found == tag:
            yield value, position


def has_more_fields(message: bytes, most: int) -> bool:
    """Whether a message has more than so many outermost fields, known without an object for any of them.

    In what is not a message, the fields before the fault count; so do those in a group.
    """
    if len(message) <= 2 * most:
        # A tag and a value are two bytes at least.
        return False
    view = memoryview(message)
    position = count = 0
    try:
        while position < len(message) and count <= most:
            count += 1
            if message[position] & 0x87 == _LENGTH_DELIMITED and message[position + 1] < 0x80:
                # Small fields are what there can be many of, and calls for each would take a second.
                position += 2 + message[position + 1]
            elif message[position] & 7 in _GROUP:
                _, position = read_varint(view, position)
            else:
                _, _, position = _bounds(view, position)
    except (PayloadError, IndexError):
        return False
    return count > most


def _bounds(message: memoryview, position: int) -> tuple[int, int, int]:
    """Tag, begin of the value and end of the field at a position."""
    tag, start = read_varint(message, position)
    wire_type = tag & 7
    if wire_type == _VARINT:
        _, end = read_varint(message, start)
    elif wire_type == _LENGTH_DELIMITED:
        size, start = read_varint(message, start)
        end = start + size
    elif wire_type in (_FIXED64, _FIXED32):
        end = start + (8 if wire_type == _FIXED64 else 4)
    else:
        raise PayloadError(f"The body is not Protobuf: wire type {wire_type} at byte {position}.")
    return tag, start, end


def varint(number: int) -> bytes:
    """A non-negative integer in Protobuf's base-128 encoding."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def length_delimited(number: int, value: bytes) -> bytes:
    """A field of a message, string or bytes type."""
    return varint(number << 3 | _LENGTH_DELIMITED) + varint(len(value)) + value


def read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at a position and the position behind it."""
    number = shift = 0
    for offset in range(position, min(position + 10, len(message))):
        byte = message[offset]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, offset + 1
        shift += 7
    raise PayloadError(f"The Protobuf message is cut off at byte {len(message)}.")
