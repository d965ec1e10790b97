"""The first protocol of each connection: it is counted before its TLS handshake, which has a deadline."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from collector.receivers.net.limiter import Admission, ConnectionLimiter

NewProtocol = Callable[[Admission], asyncio.Protocol]


class Entrance(asyncio.Protocol):
    """Hands an admitted connection over to the protocol that serves it, which releases the admission at its end."""

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
        self._admission: Admission | None = None
        # Came with the end of the handshake.
        self._early = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are none of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._peer = peer_address(self._transport)
        self._admission = self._limiter.admit(self._peer, self._transport.abort)
        if self._admission is None:
            self._transport.abort()
        elif self._tls is None:
            self._hand_over(self._transport, self._admission)
        else:
            # Kept here, for a loop holds its tasks only weakly.
            self._handshake = asyncio.get_running_loop().create_task(self._shake_hands(self._tls, self._admission))

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, error: Exception | None) -> None:
        if self._admission is not None:
            self._admission.release()

    def _hand_over(self, transport: asyncio.Transport, admission: Admission) -> None:
        protocol = self._serve(admission)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            protocol.data_received(self._early)

    async def _shake_hands(self, tls: ssl.SSLContext, admission: Admission) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, self, tls, server_side=True, ssl_handshake_timeout=self._handshake_timeout
            )
        except OSError:
            self._limiter.refused("tls_handshake", self._peer)
            admission.release()
            self._transport.abort()
            return
        if secured is not None and not secured.is_closing():
            self._hand_over(secured, admission)


def peer_address(transport: asyncio.BaseTransport) -> str:
    """The address of the other end; '' where it has none."""
    address = transport.get_extra_info("peername")
    return str(address[0]) if isinstance(address, tuple) else ""
