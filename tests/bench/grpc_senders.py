"""OpenTelemetry logs and Envoy's access log service over one gRPC connection."""

import queue
from collections.abc import Callable, Iterator

import grpc

from gatelens.data_directory.directory import Addresses
from tests.bench.messages import als_messages, otlp_messages
from tests.bench.sender import Repeated
from tests.bench.timed_message import TimedMessage

_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"
_OTLP = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

# Envoy flushes after 16 kB or a second, whichever comes first.
_ENTRIES = 100


class GrpcSender(Repeated):
    """What both have in common."""

    def __init__(self, addresses: Addresses, make: Callable[[int, int], Iterator[TimedMessage]]) -> None:
        super().__init__(lambda count: make(count, _ENTRIES), _ENTRIES)
        self._channel = grpc.insecure_channel(addresses.grpc)

    def close(self) -> None:
        self._channel.close()


class OtlpSender(GrpcSender):
    """OpenTelemetry logs, a few requests under way at a time."""

    _UNDER_WAY = 16

    def __init__(
        self, addresses: Addresses, make: Callable[[int, int], Iterator[TimedMessage]] = otlp_messages
    ) -> None:
        super().__init__(addresses, make)
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
        super().__init__(addresses, als_messages)
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
