"""Sockets and ASGI servers that the process opens itself, so that a taken port is an error before anything runs."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from collector.receivers.net.entrance import Entrance
from collector.receivers.net.http_protocol import HttpProtocol, Port
from collector.receivers.net.keepalive import keep_alive
from collector.receivers.net.limiter import Admission, ConnectionLimiter
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.tls import TlsConfig
from storage.errors import ConfigError

_log = logging.getLogger(__name__)

_BACKLOG = 2048
_STOP_SECONDS = 3


def split_address(listen: str, setting: str) -> tuple[str, int]:
    """Host and port of '127.0.0.1:8050' or '[::1]:8050'; raises ConfigError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{setting} is {listen!r}; give an address and a port, such as 127.0.0.1:8050.")
    return host.strip("[]"), int(port)


def bind(listen: str, setting: str) -> socket.socket:
    """A bound socket; raises ConfigError where the address is taken or not ours."""
    host, port = split_address(listen, setting)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keep_alive(bound)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"{setting} {listen} cannot be opened: {error.strerror}. Stop the process that uses it, or set another "
            "address of this machine (port 0 picks a free one)."
        ) from error
    bound.setblocking(False)
    return bound


def shown(bound: socket.socket) -> str:
    """The address of a bound socket as a URL's host and port."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address(bound: socket.socket, tls: TlsConfig | None) -> str:
    """The URL of a bound socket."""
    return f"{'https' if tls else 'http'}://{shown(bound)}"


def certificate(tls: TlsConfig | None) -> str:
    """The file of a listener's certificate; '' without TLS."""
    return str(tls.certificate.resolve()) if tls else ""


def reachable(web: str) -> str:
    """An address to open in a browser on this machine: nobody can go to one that stands for all of them."""
    return web.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


class AsgiServer:
    """An ASGI application on a bound socket, within limits."""

    def __init__(
        self,
        app: Any,
        bound: socket.socket,
        tls: ssl.SSLContext | None = None,
        *,
        limits: HttpLimits | None = None,
        max_body_size: int | None = None,
        name: str = "http",
        count_refused: Callable[[str, str], None] = lambda port, reason: None,
    ) -> None:
        """`name` and a reason go to `count_refused` for each connection that is turned away or cut.

        Without `max_body_size` the application has a limit of its own.
        """
        limits = limits or HttpLimits()
        limiter = ConnectionLimiter(name, limits.max_connections, limits.max_connections_per_peer, count_refused)
        port = Port(limits, limiter, max_body_size)

        def connection(
            config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], _loop: object = None
        ) -> Entrance:
            def serve(admission: Admission) -> HttpProtocol:
                return HttpProtocol(config, server_state, app_state, port, admission)

            return Entrance(serve, limiter, tls, limits.header_timeout)

        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            # It is called for each connection, and nothing else is asked of it.
            http=connection,  # type: ignore[arg-type]
            ws="none",
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._bound = bound
        self._check_seconds = min(limits.header_timeout, limits.body_timeout, limits.send_timeout, 4.0) / 4
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        serving = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        self._tasks = [serving, asyncio.create_task(self._check_connections())]
        while not self._server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish what is under way, for a few seconds, then close."""
        self._server.should_exit = True
        for task in self._tasks:
            await task

    async def _check_connections(self) -> None:
        """Cut connections whose clients are too slow, until the server has ended."""
        serving = self._tasks[0]
        while not serving.done():
            await asyncio.wait([serving], timeout=self._check_seconds)
            now = serving.get_loop().time()
            for protocol in tuple(self._server.server_state.connections):
                if isinstance(protocol, HttpProtocol):
                    _check(protocol, now)


def _check(protocol: HttpProtocol, now: float) -> None:
    try:
        protocol.check(now)
    except Exception:
        # Whatever one connection does, the limits hold for the others.
        _log.exception("A connection could not be checked.")
