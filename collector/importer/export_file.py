"""Files of an OpenTelemetry Collector's file exporter with `format: proto` or `compression: zstd`, as lines of JSON.

Each export is a message behind its length, four bytes with the highest first, and packed by itself.
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/fileexporter#file-format
"""

import io
import struct
from base64 import b64decode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
import zstandard
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from collector.encoding.protobuf import fields
from collector.errors import PayloadError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LENGTH = struct.Struct(">I")
# How much of a file is needed to recognise an export.
BEGINNING = _LENGTH.size + 4
_MOST_BYTES = 256 << 20
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# The first field of each message: the list of its resources.
_RESOURCES = 0x0A
# Tags of a record: its first field where it is a text, and the times of a span.
_NAMED = 0x0A
_SPAN_TIMES = {0x39, 0x41}

_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_ENCODER = msgspec.json.Encoder()


def is_export_file(beginning: bytes) -> bool:
    """Whether a file that begins so holds exports behind their lengths."""
    if len(beginning) < BEGINNING:
        return False
    [length] = _LENGTH.unpack_from(beginning)
    message = beginning[_LENGTH.size :]
    # Text begins with no zero, and what a crash leaves of one with more of them.
    is_proto = beginning[0] == 0 and message[0] == _RESOURCES
    return 0 < length <= _MOST_BYTES and (message.startswith(_ZSTD_MAGIC) or is_proto)


class ExportFile(io.RawIOBase):
    """A line of JSON for each export; raises EOFError where the last is cut off, OSError where one cannot be read."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._lines = self._read_lines()
        self._line = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        if not self._line:
            self._line = memoryview(next(self._lines, b""))
        size = min(len(target), len(self._line))
        target[:size], self._line = self._line[:size], self._line[size:]
        return size

    def _read_lines(self) -> Iterator[bytes]:
        while head := self._read(_LENGTH.size):
            [length] = _LENGTH.unpack(head)
            if length > _MOST_BYTES:
                raise OSError(f"an export of {length:,} bytes, which the file exporter does not write")
            message = self._read(length)
            if length and not message:
                raise EOFError("the last export is cut off")
            if message.startswith(_ZSTD_MAGIC):
                message = _unpacked(message)
            if message:
                yield _line(message)

    def _read(self, size: int) -> bytes:
        """This many bytes; none at the end. Raises EOFError for fewer."""
        found = b""
        while len(found) < size and (more := self._packed.read(size - len(found))):
            found += more
        if found and len(found) < size:
            raise EOFError("the last export is cut off")
        return found


def _unpacked(message: bytes) -> bytes:
    try:
        unpacked = zstandard.ZstdDecompressor().stream_reader(message).read(_MOST_BYTES + 1)
    except zstandard.ZstdError as error:
        raise OSError(f"an export that is not zstd: {error}") from error
    if len(unpacked) > _MOST_BYTES:
        raise OSError(f"an export of more than {_MOST_BYTES:,} bytes, unpacked")
    return unpacked


def _line(message: bytes) -> bytes:
    if not message.startswith(bytes([_RESOURCES])):
        return message.replace(b"\n", b" ") + b"\n"
    try:
        data = _type_of(message)()
        data.ParseFromString(message)
    except (PayloadError, DecodeError) as error:
        raise OSError(f"an export that is not Protobuf: {error}") from error
    document = MessageToDict(data, use_integers_for_enums=True)
    return _ENCODER.encode(_with_hexadecimal_ids(document)) + b"\n"


def _type_of(message: bytes) -> type[Message]:
    """The signal, which only its records show: a log has no text in its first field, a span has times."""
    for record in _records(memoryview(message)):
        tags = {whole[0] for _, _, whole in fields(record)}
        if _NAMED not in tags:
            return LogsData
        return TracesData if _SPAN_TIMES & tags else MetricsData
    return LogsData


def _records(message: memoryview) -> Iterator[memoryview]:
    """The records of all scopes of all resources, which stand at the same places in each signal."""
    for _, resource, _ in fields(message):
        scopes = [scope for number, scope, _ in fields(resource) if number == 2]
        for scope in scopes:
            yield from (record for number, record, _ in fields(scope) if number == 2)


def _with_hexadecimal_ids(value: Any) -> Any:
    """Protobuf writes all bytes in base64, OTLP its ids in hexadecimal."""
    if isinstance(value, list):
        return [_with_hexadecimal_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: b64decode(inner).hex() if key in _IDS and isinstance(inner, str) else _with_hexadecimal_ids(inner)
        for key, inner in value.items()
    }
