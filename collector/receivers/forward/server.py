"""The Forward port: TCP, with or without TLS, a Unix socket, and heartbeats over UDP."""

import asyncio
import logging
import socket
import ssl
from pathlib import Path
from typing import cast

from collector.errors import PayloadError, PayloadTooLarge
from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.intake import Intake
from collector.intake.offload import Offload
from collector.receivers.context import ReceiverContext
from collector.receivers.forward import handshake
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.connection import Connection, HandshakeRefused, Shared
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.memory import MessageMemory
from collector.receivers.forward.wire import Wire
from collector.receivers.net.address import with_port
from collector.receivers.net.entrance import Entrance
from collector.receivers.net.limiter import ConnectionLimiter
from collector.receivers.net.tls import follow_certificate, ssl_context
from storage.errors import ConfigError

_log = logging.getLogger(__name__)

RECEIVER = "forward"

_PLACES_FOR_LARGE = 4
_HANDSHAKE_SECONDS = 10.0
_IDLE_CHECK_SECONDS = 10.0
_HEARTBEAT = b"\0"
_TLS = "collector.forward.tls"


class ForwardServer:
    """Serves until stopped; must be used on one event loop."""

    def __init__(
        self, intake: Intake, delivery: ChunkDelivery, config: ForwardConfig, *, keeps_tags: bool = False
    ) -> None:
        self._config = config
        self._intake = intake
        self._shared = Shared(
            config,
            Rules(config, intake.formats, keeps_tags=keeps_tags),
            delivery,
            # Fluentd refuses a server that has its own name, such as another program on its machine.
            f"gatelens-{socket.gethostname()}",
            MessageMemory(_PLACES_FOR_LARGE),
            Offload(),
        )
        self._limiter = ConnectionLimiter(
            RECEIVER, config.max_connections, config.max_connections_per_peer, intake.connection_refused
        )
        self._needs_handshake = handshake.is_needed(config)
        self._servers: list[asyncio.Server] = []
        self._heartbeats: asyncio.DatagramTransport | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._closing_idle: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return with_port(self._config.listen, self.port) if self.port else ""

    async def start(self) -> None:
        """Bind and serve; raises ConfigError where an address cannot be opened or TLS cannot be used."""
        if self._config.listen:
            await self._listen(self._config.listen)
        if self._config.unix_socket is not None:
            await self._listen_unix(self._config.unix_socket)
        self._closing_idle = asyncio.create_task(self._close_idle())

    async def stop(self) -> None:
        """Stop at once; what has not been answered is sent again by its agent."""
        if self._closing_idle is not None:
            self._closing_idle.cancel()
        for server in self._servers:
            server.close()
        if self._heartbeats is not None:
            self._heartbeats.close()
        if self._following is not None:
            self._following.cancel()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._config.unix_socket is not None:
            self._config.unix_socket.unlink(missing_ok=True)

    async def _listen(self, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ConfigError(
                f"collector.forward.listen is {listen!r}; give an address and a port, such as 127.0.0.1:24224."
            )
        host = host.strip("[]")
        tls = self._tls()
        try:
            await self._listen_tcp(host, int(port), tls)
        except OSError as error:
            raise ConfigError(
                f"collector.forward.listen {listen} cannot be opened: {error.strerror}. Stop the process that uses it, "
                "or set another address of this machine (port 0 picks a free one)."
            ) from error

    def _tls(self) -> ssl.SSLContext | None:
        if self._config.tls is None:
            return None
        context = ssl_context(self._config.tls, _TLS)
        self._following = asyncio.create_task(follow_certificate(context, self._config.tls, _TLS))
        return context

    async def _listen_tcp(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: self._entrance(tls), host, port)
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        if self._config.heartbeat:
            self._heartbeats, _ = await loop.create_datagram_endpoint(_Heartbeat, local_addr=(host, self.port))

    async def _listen_unix(self, path: Path) -> None:
        try:
            # A process that was killed leaves its socket behind, and nobody can bind it again.
            if path.is_socket():
                path.unlink()
            loop = asyncio.get_running_loop()
            self._servers.append(await loop.create_unix_server(self._entrance, path))
            # An agent of another user connects by its group, whatever the umask is.
            path.chmod(0o660)
        except OSError as error:
            raise ConfigError(
                f"collector.forward.unix_socket {path} cannot be opened: {error.strerror}. Check that its directory is "
                "there and may be written, and that nothing else has this name."
            ) from error

    def _entrance(self, tls: ssl.SSLContext | None = None) -> Entrance:
        return Entrance(lambda admission: Wire(self._serve, admission), self._limiter, tls, _HANDSHAKE_SECONDS)

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(min(self._config.idle_timeout / 4, _IDLE_CHECK_SECONDS))
            self._limiter.close_idle(self._config.idle_timeout)

    async def _serve(self, wire: Wire) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            await self._serve_peer(wire, wire.peer)
        finally:
            await wire.close()

    async def _serve_peer(self, wire: Wire, peer: str) -> None:
        connection = Connection(wire, peer, self._shared)
        try:
            if self._needs_handshake:
                await connection.shake_hands()
            await connection.serve()
        except PayloadTooLarge as error:
            self._turn_away(peer, "too_large", str(error))
        except PayloadError as error:
            self._turn_away(peer, "malformed", str(error))
        except HandshakeRefused as error:
            self._turn_away(peer, "unauthenticated", str(error))
        except TimeoutError:
            self._turn_away(peer, "malformed", "The rest of a message did not come in time.")
        except OSError:
            if connection.is_in_a_message:
                self._intake.refused(RECEIVER, "disconnected", peer, "The agent left in the middle of a message.")
        except Exception:
            # Whatever one client does, the others are served.
            _log.exception("A connection failed.", extra={"peer": peer})

    def _turn_away(self, peer: str, reason: str, message: str) -> None:
        """The protocol has no message for it: the connection ends, and the report of refusals says why."""
        self._intake.refused(RECEIVER, reason, peer, message)


class _Heartbeat(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are none of asyncio's.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        # No more than it was sent: nobody gains by asking in the name of another.
        if data:
            self._transport.sendto(_HEARTBEAT, address)


def forward_receiver(context: ReceiverContext) -> ForwardServer:
    config = context.config
    keeps_tags = config.transforms.names_by_tag
    return ForwardServer(context.intake, context.chunks, config.forward, keeps_tags=keeps_tags)
