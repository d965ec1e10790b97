"""The four modes of a message, made one: a tag and an array of entries.

https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1#message-modes
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import MsgspecError
from msgspec.msgpack import Decoder

from collector.encoding import compression
from collector.encoding.msgpack import Data, array_head, array_header, decode, decode_raw, ends, is_array, value_size
from collector.errors import PayloadError, PayloadTooLarge
from collector.formats.dead_letters.descriptor import UNDECODABLE
from collector.formats.fluent.descriptor import FLUENT_SIGNAL
from collector.intake.offload import LARGE_BYTES
from collector.receivers.forward.framing import NIL, Whole

# A tag and options as almost all agents send them.
_WORDS = Decoder(str | dict[str, str | int | float | bool | None])
# It becomes part of each record.
_LONGEST_TAG = 1000
# A tag and options are a few words; some have to be read into objects: of megabytes that would hold up all.
_LARGEST_WORDS = 64 << 10
# As an object of ours, an entry takes a hundred times the bytes that it may come as.
_MOST_ENTRIES = 1_000_000
_PACKED = (0xC4, 0xC5, 0xC6, 0xD9, 0xDA, 0xDB)


@dataclass(frozen=True, slots=True)
class Message:
    """Events under one tag.

    `entries` is a MessagePack array of [time, record]; `broken` is what cannot be read, the end of a packed stream or
    all of it, and `dead_letter_format` the format that it is kept under. `chunk` is the id under which an answer is
    wanted.
    """

    tag: str
    entries: Data
    broken: bytes = b""
    chunk: str = ""
    dead_letter_format: str = UNDECODABLE.name

    @property
    def size(self) -> int:
        """Its bytes, unpacked."""
        return len(self.entries) + len(self.broken)


def are_slow_to_parse(messages: Sequence[Whole]) -> bool:
    """Whether it takes long to parse messages: in streams, entries may have to be looked for, and unpacked before.

    Those of a batch have been found. What is packed may hold a thousand times the bytes that it came as.
    """
    streams = [message for message in messages if len(message) > 1 and not is_array(message[1][0])]
    size = sum(len(part) for stream in streams for part in stream)
    return size > LARGE_BYTES or any(b"compressed" in bytes(part) for stream in streams for part in stream[2:])


def parse(message: Whole, limit: int) -> Message | None:
    """A whole message, None for a heartbeat; raises PayloadError, and PayloadTooLarge for what unpacks to too much."""
    if len(message) == 1 and message[0][0] == NIL:
        return None
    tag = _words(message[0])
    if not isinstance(tag, str) or len(tag) > _LONGEST_TAG:
        raise PayloadError("A message is not of Fluent Forward: it has to be [tag, entries] or [tag, time, record].")
    kind = message[1][0]
    if is_array(kind):
        _check_number(array_head(message[1])[0])
        options = _options(message, 2)
        chunk = _text(options, "chunk")
        return _signal(tag, message[1], chunk) if _is_signal(options) else Message(tag, message[1], chunk=chunk)
    if 0xA0 <= kind <= 0xBF or kind in _PACKED:
        found = decode_raw(message[1])
        return packed(tag, found if isinstance(found, bytes) else b"", _options(message, 2), limit)
    if len(message) < 3:
        raise PayloadError("A message is not of Fluent Forward: it has a time, and no record.")
    entry = array_header(1) + b"\x92" + message[1] + message[2]
    return Message(tag, entry, chunk=_text(_options(message, 3), "chunk"))


def packed(tag: str, stream: bytes, options: dict[str, Any], limit: int) -> Message:
    """A message whose entries are a stream; raises PayloadTooLarge like `parse`."""
    chunk = _text(options, "chunk")
    encoding = _text(options, "compressed")
    try:
        stream = compression.decode(stream, "" if encoding == "text" else encoding, limit)
    except PayloadTooLarge:
        raise
    except PayloadError:
        # Sent again it would be no better.
        return Message(tag, array_header(0), stream, chunk)
    if _is_signal(options):
        return _signal(tag, stream, chunk)
    size = options.get("size")
    if isinstance(size, int) and 0 < size <= _MOST_ENTRIES and _is_whole(listed := array_header(size) + stream):
        return Message(tag, listed, chunk=chunk)
    return _counted(tag, stream, chunk)


def _is_signal(options: dict[str, Any]) -> bool:
    """Whether Fluent Bit says that these are no logs (0), but metrics (1) or traces (2) in encodings of its own."""
    return options.get("fluent_signal", 0) in (1, 2)


def _signal(tag: str, signal: Data, chunk: str) -> Message:
    return Message(tag, array_header(0), bytes(signal), chunk, FLUENT_SIGNAL.name)


def _is_whole(data: bytes) -> bool:
    try:
        return value_size(data) == len(data)
    except PayloadError:
        return False


def _counted(tag: str, stream: bytes, chunk: str) -> Message:
    """Entries whose count is missing or wrong; from the first unreadable one on, they are broken."""
    number = position = 0
    for end in ends(stream):
        number, position = number + 1, end
        _check_number(number)
    return Message(tag, array_header(number) + stream[:position], stream[position:], chunk)


def _check_number(entries: int) -> None:
    if entries > _MOST_ENTRIES:
        raise PayloadTooLarge(f"A message has more than {_MOST_ENTRIES} entries; let the agent send smaller chunks.")


def _options(parts: Whole, number: int) -> dict[str, Any]:
    found = _words(parts[number]) if len(parts) > number else None
    return found if isinstance(found, dict) else {}


def _words(part: Data) -> object:
    if len(part) > _LARGEST_WORDS:
        raise PayloadError(f"The tag or the options of a message are larger than {_LARGEST_WORDS} bytes; shorten them.")
    try:
        return _WORDS.decode(part)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(part)


def _text(options: dict[str, Any], name: str) -> str:
    found = options.get(name)
    return found if isinstance(found, str) else ""
