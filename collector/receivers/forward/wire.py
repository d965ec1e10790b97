"""A connection's bytes, in both directions."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, cast

from collector.receivers.net.keepalive import keep_alive
from collector.receivers.net.limiter import Admission

# While more than this waits to be read, nothing more is taken from the socket.
_MOST_WAITING = 512 << 10
_CLOSE_SECONDS = 2
# An agent that has not read its answers for so long does not come for them.
_WRITE_SECONDS = 60


class Wire(asyncio.Protocol):
    """Hands out the pieces that came from the socket as they are.

    asyncio's streams gather them in a buffer and copy out of it again: of megabytes, that costs as much as decoding.
    """

    def __init__(self, serve: "Callable[[Wire], Coroutine[Any, Any, None]]", admission: Admission) -> None:
        """What is to be served is served by `serve`, in a task of its own, as soon as it is connected."""
        self._serve = serve
        self._admission = admission
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._is_paused = False
        self._has_ended = False
        self._fault: Exception | None = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = asyncio.Event()

    @property
    def peer(self) -> str:
        address = self._transport.get_extra_info("peername")
        return str(address[0]) if isinstance(address, tuple) else "unix"

    async def read(self) -> list[bytes]:
        """All that has come since, one piece at least; none where the agent has ended. Raises OSError without one."""
        if not self._pieces and not self._has_ended:
            self._news.clear()
            await self._news.wait()
        if self._fault is not None:
            raise self._fault
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return pieces

    def rest(self) -> None:
        """Nothing is under way until more comes: the connection may be closed."""
        if not self._pieces:
            self._admission.idle_since = time.monotonic()

    async def write(self, data: bytes) -> None:
        """Send; returns when the agent keeps up with what it is sent. Raises OSError where it does not."""
        self._transport.write(data)
        if not self._writable.is_set():
            await self._see_read()
        if self._closed.is_set():
            raise self._fault or ConnectionResetError("The client has left.")

    async def _see_read(self) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._writable.wait()
        except TimeoutError as error:
            if not self._closed.is_set():
                # Only the first of several that wait reports it.
                self._admission.refused("send_timeout")
                self._transport.abort()
                self._closed.set()
            raise ConnectionAbortedError("The client does not read its answers.") from error

    async def close(self) -> None:
        """End the connection; what has been written still goes out, if it is fetched soon."""
        self._transport.close()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._closed.wait()
        except TimeoutError:
            # An answer waits in the socket that its client does not fetch.
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # No isinstance: uvloop's transports are none of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        keep_alive(transport.get_extra_info("socket"))
        self._admission.close = self._transport.abort
        # Kept here, for a loop holds its tasks only weakly.
        self._task = asyncio.get_running_loop().create_task(self._serve(self))

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._admission.idle_since = None
        # As objects, pieces of a byte each are many times as large.
        self._waiting += sys.getsizeof(data)
        if self._waiting > _MOST_WAITING and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self._has_ended = True
        self._news.set()
        # Answers can still be sent; TLS has no such half.
        return self._transport.get_extra_info("sslcontext") is None

    def connection_lost(self, error: Exception | None) -> None:
        self._admission.release()
        self._has_ended = True
        self._fault = error
        self._news.set()
        self._writable.set()
        self._closed.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
