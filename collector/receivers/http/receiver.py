"""The HTTP port of telemetry."""

import asyncio
import socket
import ssl
from functools import partial

from starlette.types import ASGIApp

from collector.receivers.context import ReceiverContext
from collector.receivers.http.app import http_app
from collector.receivers.http.config import HttpConfig
from collector.receivers.net.address import with_port
from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.limiter import OnRefused
from collector.receivers.net.refused_requests import OF_COLLECTOR, RefusedRequests
from collector.receivers.net.tls import follow_certificate, ssl_context

_TLS = "collector.http.tls"


class HttpReceiver:
    """Serves an application until stopped; must be used on one event loop."""

    def __init__(self, app: ASGIApp, bound: socket.socket, config: HttpConfig, on_refused: OnRefused) -> None:
        self._app = app
        self._bound = bound
        self._config = config
        self._on_refused = on_refused
        self._server: AsgiServer | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return with_port(self._config.listen, self._bound.getsockname()[1])

    async def start(self) -> None:
        """Serve; raises ConfigError where TLS cannot be used."""
        self._server = AsgiServer(self._app, self._bound, self._tls(), limits=self._config, on_refused=self._on_refused)
        await self._server.start()

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
        if self._server is not None:
            await self._server.stop()

    def _tls(self) -> ssl.SSLContext | None:
        if self._config.tls is None:
            return None
        context = ssl_context(self._config.tls, _TLS)
        self._following = asyncio.create_task(follow_certificate(context, self._config.tls, _TLS))
        return context


def http_receiver(context: ReceiverContext) -> HttpReceiver:
    config, intake = context.config.http, context.intake
    app = context.checks.around_intake(http_app(intake, config), intake)
    app = RefusedRequests(app, OF_COLLECTOR, partial(intake.note_refusal, "http"))
    return HttpReceiver(app, context.http_socket, config, intake.connection_refused)
