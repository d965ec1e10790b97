"""Lines of such a log, and the line of JSON that is made of one."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import msgspec

LONGEST_LINE = 16 << 20
BOM = b"\xef\xbb\xbf"

_ENCODER = msgspec.json.Encoder()


def lines_of(log: BinaryIO) -> Iterator[bytes]:
    """Each with its end; a line of more than 16 MiB in pieces."""
    return iter(lambda: log.readline(LONGEST_LINE), b"")


def json_line(record: Mapping[str, str]) -> bytes:
    return _ENCODER.encode(record) + b"\n"
