"""The gRPC port: OTLP and Envoy's access log service, side by side.

Handlers take the bytes of each message as they are: nothing here decodes an event.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import grpc

from collector.errors import DeliveryConflict, PayloadError, PayloadTooLarge, SpoolFull
from collector.formats.envoy.descriptor import ENVOY_ALS
from collector.intake.intake import UNTIL_TAKEN, Intake, is_spool_full
from collector.intake.keyed_body import KeyedBody, KnownBody, SentBody
from collector.intake.offload import LARGE_BYTES
from collector.receivers.context import ReceiverContext
from collector.receivers.grpc.als import stream_payloads
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.grpc.sender_metadata import SenderMetadata, named_in
from collector.receivers.net.address import with_port
from collector.receivers.net.keepalive import IDLE_SECONDS
from collector.receivers.net.sender_tokens import NEEDED, FindSender
from collector.receivers.net.tls import grpc_credentials
from collector.receivers.otlp import FORMATS, LOGS, RESOURCE_EXHAUSTED, check_protobuf, retry_info, status
from collector.receivers.otlp_bodies import LogBodies
from collector.records.place import Part
from collector.spool.payload import Payload
from storage.errors import ConfigError
from storage.retry import retry_async

_OTLP = {
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
}
_ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs"

# An empty Export…ServiceResponse and an empty StreamAccessLogsResponse are both no bytes at all.
_SUCCESS = b""

# Pings of HTTP/2, so that a stream of Envoy's whose node is gone comes to an end: it is silent as long as no request is
# served. Without the zero they are held back after two, for no data is ever sent back.
_KEEPALIVE = {
    "grpc.keepalive_time_ms": IDLE_SECONDS * 1000,
    "grpc.http2.ping_timeout_ms": IDLE_SECONDS * 1000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.http2.max_pings_without_data": 0,
}

# For TLS, and for the settings that both sides of HTTP/2 begin with.
_HANDSHAKE_SECONDS = 10
_METADATA_BYTES = 16 << 10

_NOT_FOUND = (
    "Only OTLP's Export and Envoy's StreamAccessLogs are served here; check the exporter's protocol and address."
)
_UNREADABLE = (
    "A call ended before its message could be read: it is packed by something else than gzip, such as zstd or snappy "
    "(set `compression: gzip` at the sender, or send over HTTP), or its client gave up."
)
_TOO_LARGE = (
    "A message is larger than collector.grpc.max_message_size, or there was none; send smaller batches or raise the "
    "limit."
)

_Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"

# The log service acknowledges nothing, so messages of a stream need not wait for the disk one by one.
_UNWRITTEN_MESSAGES = 64


class GrpcServer:
    """Serves until stopped; must be used on one event loop."""

    def __init__(self, intake: Intake, config: GrpcConfig, find_sender: FindSender | None = None) -> None:
        """`find_sender` knows whose tokens are good; without it nobody needs one."""
        self._intake = intake
        self._config = config
        self._senders = SenderMetadata(find_sender)
        self._server: grpc.aio.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return with_port(self._config.listen, self.port)

    async def start(self) -> None:
        """Bind and serve; raises ConfigError where the address is taken or the certificate is of no use."""
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", int(self._config.max_message_size)),
                # Without this a second process would share the port in silence and take half of the
                # telemetry.
                ("grpc.so_reuseport", 0),
                *_KEEPALIVE.items(),
                *_limits(self._config).items(),
            ]
        )
        server.add_generic_rpc_handlers((_Handlers(self._intake, self._config, self._senders),))
        try:
            self.port = self._bind(server)
        except RuntimeError as error:
            raise ConfigError(
                f"collector.grpc.listen {self._config.listen} cannot be opened; another process may use the "
                "port: stop it, or set another address (port 0 picks a free one)."
            ) from error
        await server.start()
        self._server = server

    def _bind(self, server: grpc.aio.Server) -> int:
        if self._config.tls is None:
            return server.add_insecure_port(self._config.listen)
        return server.add_secure_port(self._config.listen, grpc_credentials(self._config.tls, "collector.grpc.tls"))

    async def stop(self, grace_seconds: float = 1.0) -> None:
        if self._server is not None:
            await self._server.stop(grace_seconds)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic for the type checker alone
    def __init__(self, intake: Intake, config: GrpcConfig, senders: SenderMetadata) -> None:
        self._intake = intake
        self._environment = config.environment
        self._resend_window = config.resend_window
        self._senders = senders
        bodies = LogBodies(intake.formats)
        self._methods = {
            **{
                # As a stream: otherwise a call with an unreadable message would go unseen.
                method: grpc.stream_unary_rpc_method_handler(
                    self._export(FORMATS[signal], bodies if signal == LOGS else None)
                )
                for signal, method in _OTLP.items()
            },
            _ALS: grpc.stream_unary_rpc_method_handler(self._stream_access_logs),
        }
        self._refuse_without_token = grpc.stream_unary_rpc_method_handler(self._unauthenticated)
        self._refuse_unknown = grpc.stream_unary_rpc_method_handler(self._unknown)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        handler = self._methods.get(handler_call_details.method)
        if handler is None:
            return self._refuse_unknown
        if not self._senders.are_good(handler_call_details.invocation_metadata):
            return self._refuse_without_token
        return handler

    async def _unknown(self, _messages: AsyncIterator[bytes], context: _Context) -> bytes:
        self._refused(context, "not_found", _NOT_FOUND)
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, _NOT_FOUND)
        return _SUCCESS

    async def _unauthenticated(self, _messages: AsyncIterator[bytes], context: _Context) -> bytes:
        await self._abort_unauthenticated(context)
        return _SUCCESS

    async def _abort_unauthenticated(self, context: _Context) -> None:
        message = f"{NEEDED}, as metadata `authorization: Bearer <token>`."
        self._refused(context, "unauthenticated", message)
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, message)

    def _refused(self, context: _Context, reason: str, message: str) -> None:
        self._intake.refused("grpc", reason, _address(context.peer()), message)

    async def _only(self, messages: AsyncIterator[bytes], context: _Context) -> bytes:
        """The message of a call. gRPC's core answers what it refuses by itself; here the message is just absent."""
        # The core knows no peer of a call that has ended.
        peer = _address(context.peer())
        try:
            async for message in messages:
                return message
        except asyncio.CancelledError:
            self._intake.refused("grpc", "unreadable", peer, _UNREADABLE)
            raise
        self._intake.refused("grpc", "too_large", peer, _TOO_LARGE)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, _TOO_LARGE)
        return b""

    def _export(
        self, format_name: str, bodies: LogBodies | None
    ) -> "Callable[[AsyncIterator[bytes], _Context], Awaitable[bytes]]":
        """`bodies` looks into those of log records."""

        async def export(messages: AsyncIterator[bytes], context: _Context) -> bytes:
            request = await self._only(messages, context)
            try:
                check_protobuf(request)
                if request:
                    await self._accept(format_name, bodies, request, context)
            except DeliveryConflict as error:
                self._refused(context, "key_reused", str(error))
                await context.abort(grpc.StatusCode.ALREADY_EXISTS, str(error))
            except PayloadError as error:
                self._refused(context, "too_large" if isinstance(error, PayloadTooLarge) else "malformed", str(error))
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            except SpoolFull as error:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error), _retry_details(str(error)))
            return _SUCCESS

        return export

    async def _accept(self, format_name: str, bodies: LogBodies | None, message: bytes, context: _Context) -> None:
        peer = _address(context.peer())
        is_large = len(message) > LARGE_BYTES
        if parts := await self._intake.offload.run(is_large, bodies.of_protobuf, message) if bodies else {}:
            payloads = self._stamped(parts, peer)
        else:
            payloads = [self._intake.stamped(format_name, message, peer=peer, environment=self._environment)]
        known = self._known(f"{peer} {format_name}", context)
        if known is None:
            await self._intake.accept_together("grpc", payloads)
            return
        known.add(message)
        await self._intake.accept_once("grpc", known, payloads)

    def _known(self, sender: str, context: _Context) -> KnownBody | None:
        """What a message is known by: the key that its call names, or its bytes; raises PayloadError."""
        if name := named_in(context.invocation_metadata()):
            return KeyedBody(name, sender, "")
        return SentBody(sender, "", self._resend_window) if self._resend_window else None

    def _stamped(self, parts: Mapping[str, Sequence[Part]], peer: str) -> list[Payload]:
        return [
            self._intake.stamped(
                name,
                body,
                peer=place.instance or peer,
                environment=environment or self._environment,
                gateway=place.gateway,
            )
            for environment, of_environment in parts.items()
            for name, body, place in of_environment
        ]

    async def _stream_access_logs(self, messages: AsyncIterator[bytes], context: _Context) -> bytes:
        peer = _address(context.peer())
        unwritten: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        try:
            async for payload in stream_payloads(messages):
                if not self._senders.are_good(context.invocation_metadata()):
                    # A stream outlives the token that it was opened with.
                    await self._abort_unauthenticated(context)
                unwritten.append((payload, await self._offer_with_patience(payload, peer)))
                if len(unwritten) > _UNWRITTEN_MESSAGES:
                    await self._see_written(*unwritten.popleft(), peer)
            while unwritten:
                await self._see_written(*unwritten.popleft(), peer)
        except PayloadError as error:
            self._refused(context, "malformed", str(error))
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return _SUCCESS

    async def _see_written(self, payload: bytes, written: "asyncio.Future[None]", peer: str) -> None:
        """The client will not send it again: what the disk does not take is offered until it does."""
        offered: asyncio.Future[None] | None = written

        async def durable() -> None:
            nonlocal offered
            current, offered = offered or self._offer(payload, peer), None
            await current

        await retry_async(durable, UNTIL_TAKEN, is_spool_full)

    async def _offer_with_patience(self, payload: bytes, peer: str) -> "asyncio.Future[None]":
        """A stream has no way to say "not now": while the spool is full, stop reading it."""

        async def offered() -> "asyncio.Future[None]":
            return self._offer(payload, peer)

        return await retry_async(offered, UNTIL_TAKEN, is_spool_full)

    def _offer(self, payload: bytes, peer: str) -> "asyncio.Future[None]":
        stamped = self._intake.stamped(ENVOY_ALS.name, payload, peer=peer, environment=self._environment)
        return self._intake.offer("grpc", [stamped])[0]


def _limits(config: GrpcConfig) -> dict[str, int]:
    return {
        "grpc.max_allowed_incoming_connections": config.max_connections,
        "grpc.max_concurrent_streams": config.max_concurrent_streams,
        "grpc.max_connection_idle_ms": int(config.idle_timeout * 1000),
        "grpc.server_handshake_timeout_ms": _HANDSHAKE_SECONDS * 1000,
        "grpc.http2.settings_timeout": _HANDSHAKE_SECONDS * 1000,
        "grpc.max_metadata_size": _METADATA_BYTES,
        "grpc.absolute_max_metadata_size": _METADATA_BYTES,
    }


def _retry_details(message: str) -> tuple[tuple[str, bytes], ...]:
    """The trailers without which OTLP clients take RESOURCE_EXHAUSTED for final, and drop what they sent.

    https://opentelemetry.io/docs/specs/otlp/#failures asks for google.rpc.RetryInfo in the status; OpenTelemetry's
    Python exporter reads it from a trailer of its own.
    """
    return (
        ("grpc-status-details-bin", status(RESOURCE_EXHAUSTED, message)),
        ("google.rpc.retryinfo-bin", retry_info()),
    )


def _address(peer: str) -> str:
    """The address of gRPC's 'ipv4:127.0.0.1:50412' or 'ipv6:%5B::1%5D:50412', without the port."""
    host = peer.partition(":")[2].rpartition(":")[0]
    return host.replace("%5B", "").replace("%5D", "")


def grpc_receiver(context: ReceiverContext) -> GrpcServer:
    config = context.config.grpc
    return GrpcServer(context.intake, config, context.checks.grpc_senders(config))
