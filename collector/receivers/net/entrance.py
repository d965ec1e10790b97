"""The first protocol of each connection: it is counted before its TLS handshake, which has a deadline."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from uvloop.loop import SSLProtocol  # type: ignore[attr-defined]  # left out of its stubs

from collector.receivers.net.limiter import Admission, ConnectionLimiter

NewProtocol = Callable[[Admission], asyncio.Protocol]


class Entrance(asyncio.Protocol):
    """Hands an admitted connection over to the protocol that serves it, which releases the admission at its end.

    A server that is given the TLS context itself shows a connection to nobody before its handshake is done.
    """

    def __init__(
        self,
        serve: NewProtocol,
        limiter: ConnectionLimiter,
        tls: ssl.SSLContext | None = None,
        handshake_timeout: float = 10.0,
    ) -> None:
        self._serve = serve
        self._limiter = limiter
        self._tls = tls
        self._handshake_timeout = handshake_timeout

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are none of asyncio's.
        connected = cast(asyncio.Transport, transport)
        peer = peer_address(connected)
        admission = self._limiter.admit(peer, connected.abort)
        if admission is None:
            connected.abort()
        elif self._tls is None:
            _hand_over(connected, self._serve(admission))
        else:
            self._secure(connected, self._tls, admission, peer)

    def _secure(self, transport: asyncio.Transport, tls: ssl.SSLContext, admission: Admission, peer: str) -> None:
        """Shake hands, then hand over.

        Not by the loop's `start_tls`: by the time that has begun, the client's first words may have been read.
        """
        loop = asyncio.get_running_loop()
        secured = _Secured(self._serve, admission)
        shaken = loop.create_future()
        handshake = SSLProtocol(
            loop, secured, tls, shaken, server_side=True, ssl_handshake_timeout=self._handshake_timeout
        )
        transport.set_protocol(handshake)
        handshake.connection_made(transport)

        def done(shaken: "asyncio.Future[None]") -> None:
            # A connection that was aborted in between has no exception.
            if shaken.exception() is not None or not secured.is_served:
                admission.release()
                self._limiter.refused("tls_handshake", peer)

        shaken.add_done_callback(done)


class _Secured(asyncio.Protocol):
    """Stands for the protocol of a connection until its handshake is done."""

    def __init__(self, serve: NewProtocol, admission: Admission) -> None:
        self._serve = serve
        self._admission = admission
        self.is_served = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_served = True
        _hand_over(cast(asyncio.Transport, transport), self._serve(self._admission))


def _hand_over(transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
    transport.set_protocol(protocol)
    protocol.connection_made(transport)


def peer_address(transport: asyncio.BaseTransport) -> str:
    """The address of the other end; '' where it has none."""
    address = transport.get_extra_info("peername")
    return str(address[0]) if isinstance(address, tuple) else ""
