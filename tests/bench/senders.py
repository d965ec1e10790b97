"""How a benchmark's events reach a running Gatelens, each event acknowledged or known to be under way."""

import itertools
import queue
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import grpc
import httpx

from collector.importer import import_file
from gatelens.block_sinks import HttpSink
from gatelens.data_directory import Addresses
from tests.bench.log_file import write_log
from tests.bench.messages import ENTRIES, als_messages, otlp_messages

_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_OTLP = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
# Made once and sent over and over: making them costs more than anything that is to be measured.
_DISTINCT_MESSAGES = 200
_LINES_IN_A_REQUEST = 500


class FileSender:
    """An envoy_json file: whole through `gatelens import`'s way, at a pace as HTTP requests."""

    format = "envoy_json"
    events_in_a_message = _LINES_IN_A_REQUEST
    events_are_distinct = True

    def __init__(self, addresses: Addresses, directory: Path) -> None:
        self._addresses = addresses
        self._file = directory / "access.log"
        self._client = httpx.Client(trust_env=False, timeout=60)

    def prepare(self, events: int) -> None:
        write_log(self._file, events, datetime.now(UTC))

    def send_all(self) -> None:
        import_file(self._file, HttpSink(self._addresses), environment="bench")

    def messages(self) -> Iterator[bytes]:
        with self._file.open("rb") as file:
            while lines := list(itertools.islice(file, _LINES_IN_A_REQUEST)):
                yield b"".join(lines)

    def send(self, message: bytes) -> None:
        url = f"{self._addresses.http}/ingest/{self.format}"
        self._client.post(url, content=message, params={"environment": "bench"}).raise_for_status()

    def close(self) -> None:
        self._client.close()
        self._file.unlink()


class GrpcSender:
    """Messages over one gRPC connection."""

    events_in_a_message = ENTRIES
    events_are_distinct = False

    def __init__(self, addresses: Addresses, format_name: str, make: Callable[[int], Iterator[bytes]]) -> None:
        self.format = format_name
        self._make = make
        self._channel = grpc.insecure_channel(addresses.grpc)
        self._distinct: Sequence[bytes] = ()
        self._count = 0

    def prepare(self, events: int) -> None:
        self._distinct = list(self._make(_DISTINCT_MESSAGES))
        self._count = events // ENTRIES

    def messages(self) -> Iterator[bytes]:
        return itertools.islice(itertools.cycle(self._distinct), self._count)

    def close(self) -> None:
        self._channel.close()


class OtlpSender(GrpcSender):
    """OpenTelemetry logs, a few requests under way at a time."""

    _UNDER_WAY = 16

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(addresses, "otlp_logs", otlp_messages)
        self._export = self._channel.unary_unary(_OTLP, request_serializer=bytes, response_deserializer=bytes)

    def send_all(self) -> None:
        under_way: list[grpc.Future[bytes]] = []
        for message in self.messages():
            under_way.append(self._export.future(message))
            if len(under_way) >= self._UNDER_WAY:
                under_way.pop(0).result()
        for answer in under_way:
            answer.result()

    def send(self, message: bytes) -> None:
        self._export(message)


class AlsSender(GrpcSender):
    """Envoy's access log service: one stream, which HTTP/2's flow control slows down."""

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(addresses, "envoy_als", als_messages)
        self._stream = self._channel.stream_unary(_ALS, request_serializer=bytes, response_deserializer=bytes)
        # What the one open stream sends on, and its end.
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._answer: grpc.Future[bytes] | None = None

    def send_all(self) -> None:
        self._stream(self.messages())

    def send(self, message: bytes) -> None:
        if self._answer is None:
            self._answer = self._stream.future(iter(self._queue.get, None))
        self._queue.put(message)

    def close(self) -> None:
        self._queue.put(None)
        super().close()
