"""What every part of the process is started with, and how parts end: in the opposite order."""

import ssl
from contextlib import ExitStack

from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.tls import TlsConfig, follow_certificate, ssl_context
from gatelens.machine.event_loop import EventLoopThread


class RunningParts:
    """Event loops and servers that run until `close`."""

    def __init__(self) -> None:
        self.at_close = ExitStack()

    def loop(self, name: str) -> EventLoopThread:
        """A new event loop in a thread of that name."""
        loop = EventLoopThread(name)
        self.at_close.callback(loop.close)
        return loop

    def serve(self, loop: EventLoopThread, server: AsgiServer) -> None:
        loop.run(server.start())
        self.at_close.callback(lambda: loop.run(server.stop()))

    def tls(self, loop: EventLoopThread, config: TlsConfig | None, setting: str) -> ssl.SSLContext | None:
        """The context of a listener, which follows changes of its certificate; None without TLS."""
        if config is None:
            return None
        context = ssl_context(config, setting)
        loop.spawn(follow_certificate(context, config, setting))
        return context

    def close(self) -> None:
        self.at_close.close()
