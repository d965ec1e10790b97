"""An ASGI application on a bound socket, within limits."""

import asyncio
import logging
import socket
import ssl
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from collector.receivers.net.entrance import Entrance
from collector.receivers.net.http_protocol import HttpProtocol, Port
from collector.receivers.net.limiter import Admission, ConnectionLimiter, OnRefused
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.quiet_server import QuietServer

_log = logging.getLogger(__name__)

_STOP_SECONDS = 3


class AsgiServer:
    """Serves until stopped; must be used on one event loop."""

    def __init__(
        self,
        app: Any,
        bound: socket.socket,
        tls: ssl.SSLContext | None = None,
        *,
        limits: HttpLimits | None = None,
        max_body_size: int | None = None,
        name: str = "http",
        on_refused: OnRefused = lambda port, reason, peer, message: None,
    ) -> None:
        """`on_refused` is called with `name` for each connection that is refused or cut.

        Without `max_body_size` the application has a limit of its own.
        """
        limits = limits or HttpLimits()
        limiter = ConnectionLimiter(name, limits.max_connections, limits.max_connections_per_peer, on_refused)
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
            # Else whoever is on this machine says where a request comes from, once for each guess at a password.
            proxy_headers=bool(limits.trusted_proxies),
            forwarded_allow_ips=[str(network) for network in limits.trusted_proxies],
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
        )
        self._server = QuietServer(config)
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
        self._server.end()
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
