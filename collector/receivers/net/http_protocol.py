"""HTTP/1.1 within limits: uvicorn's protocol, and in front of its parser what no client may pass."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from collector.receivers.net import http_head
from collector.receivers.net.entrance import peer_address
from collector.receivers.net.http_body import WHOLE_BODY, BodyFraming
from collector.receivers.net.http_head import Fault
from collector.receivers.net.limiter import Admission, ConnectionLimiter
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.pace import Pace

_HEAD_END = b"\r\n\r\n"
# How much a refused client may still send, so that it reads the answer before a reset loses it.
_LINGER_SECONDS = 2
_LINGER_BYTES = 1 << 20
# What a transport lets pile up before it asks for a pause, and what is left of it when it asks to go on.
_WATER = (64 << 10, 16 << 10)
# The application answers for bodies that it waits for; this is for all others.
_BODY_SLACK_SECONDS = 2

_MALFORMED = Fault(400, "malformed", "The request is not HTTP/1.1 as RFC 9112 has it.")
_TOO_LARGE = Fault(413, "body_too_large", "The body is too large; send less at a time.")
_SLOW_HEAD = Fault(408, "header_timeout", "The headers have not come in time.")
_SLOW_BODY = Fault(408, "body_timeout", "The body comes too slowly; send it without pauses.")


@dataclass(frozen=True)
class Port:
    """What the connections of a port share."""

    limits: HttpLimits
    limiter: ConnectionLimiter
    # None: the application has its own.
    max_body_size: int | None = None


class HttpProtocol(HttpToolsProtocol):
    """One connection: a request is read, answered, and only then is the next one looked at.

    So what a client sends ahead stays in its socket, but for what one read had taken from there.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], port: Port, admission: Admission
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._port = port
        self._limits = port.limits
        self._admission = admission
        self._head = bytearray()
        # Came after a request that is not answered yet.
        self._ahead = b""
        self._body: BodyFraming | None = None
        self._requests = 0
        self._last_head: http_head.Seen | None = None
        now = self.loop.time()
        self._since = now
        self._body_pace = self._new_body_pace(now)
        self._send_pace = Pace(self._limits.send_timeout, self._limits.min_rate, now)
        self._unsent = self._drained = 0
        self._refused_at: float | None = None
        self._dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer = peer_address(transport)
        self._admission.close = transport.abort
        transport.set_write_buffer_limits(*_WATER)

    def connection_lost(self, exc: Exception | None) -> None:
        self._admission.release()
        self._ahead = b""
        self._head.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused_at is not None:
            self._dropped += len(data)
            if self._dropped > _LINGER_BYTES:
                self.transport.abort()
        elif self._ahead:
            self._wait_with(self._ahead + data)
        else:
            self._take(data)

    def resume_writing(self) -> None:
        super().resume_writing()
        high, low = _WATER
        self._drained += high - low
        self._go_on()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._since = self.loop.time()
        self._go_on()

    def check(self, now: float) -> None:
        """End the connection where its client has been too slow; called every now and then."""
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            return
        if self._refused_at is not None:
            if now - self._refused_at > _LINGER_SECONDS:
                self.transport.abort()
        elif self._is_slow_reader(now):
            self._port.limiter.refused("send_timeout", self._peer)
            self.transport.abort()
        elif self._body is not None:
            self._check_body(self._body, now)
        elif self._is_free():
            self._check_idle(now)

    def _check_body(self, body: BodyFraming, now: float) -> None:
        if self.cycle.response_complete and now - self._since > self._limits.body_timeout:
            # Answered early, and what is dropped since does not end.
            self.transport.abort()
            return
        if self.flow.read_paused:
            self._body_pace.wait(now)
            return
        self._body_pace.moved(body.newly_fed(), now)
        if self._body_pace.left(now) < 0:
            self._refuse(_SLOW_BODY, is_answered=self.cycle.response_complete)

    def _check_idle(self, now: float) -> None:
        idle = now - self._since
        if self._head:
            if idle > self._limits.header_timeout:
                self._refuse(_SLOW_HEAD)
        elif idle > (self._limits.keepalive_timeout if self._requests else self._limits.header_timeout):
            self.transport.close()

    def _is_slow_reader(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        went_out = max(self._unsent - unsent, 0) + self._drained
        self._unsent, self._drained = unsent, 0
        if not unsent:
            self._send_pace = Pace(self._limits.send_timeout, self._limits.min_rate, now)
            return False
        self._send_pace.moved(went_out, now)
        return self._send_pace.left(now) < 0

    def _is_free(self) -> bool:
        """Whether all has been answered, and the client keeps up with the answers."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self._body is None and not self.flow.write_paused

    def _go_on(self) -> None:
        """Look at what has come ahead, where its turn has come."""
        if self.transport.is_closing() or self._refused_at is not None:
            return
        if self._body is not None:
            # Answered early: the rest of the body is dropped.
            if self.cycle.response_complete:
                self.flow.resume_reading()
        elif self._is_free():
            self._admission.idle_since = self._since
            ahead, self._ahead = self._ahead, b""
            self.flow.resume_reading()
            if ahead:
                self._take(ahead)

    def _wait_with(self, data: bytes) -> None:
        self._ahead = data
        self.flow.pause_reading()

    def _take(self, data: bytes) -> None:
        while data and self._refused_at is None and not self.transport.is_closing():
            if self._body is not None:
                data = self._take_body(self._body, data)
            elif self._is_free():
                data = self._take_head(data)
            else:
                self._wait_with(data)
                return

    def _take_head(self, data: bytes) -> bytes:
        """Hand a whole head to the parser; returns what comes after it."""
        if not self._head:
            # Some clients send an empty line after a body.
            data = data.lstrip(b"\r\n") if data[0] in b"\r\n" else data
            end = data.find(_HEAD_END)
        else:
            searched = len(self._head) - len(_HEAD_END) + 1
            self._head += data
            end = self._head.find(_HEAD_END, max(searched, 0))
            data = bytes(self._head) if end >= 0 else b""
        if end < 0:
            self._keep_incomplete(data)
            return b""
        self._head.clear()
        end += len(_HEAD_END)
        head = data[:end]
        again = self._last_head.again(head) if self._last_head is not None else None
        if again is None:
            checked = http_head.check(head, int(self._limits.max_header_size))
            if isinstance(checked, Fault):
                self._refuse(checked)
                return b""
            self._last_head = http_head.Seen.of(checked)
            again = checked
        return self._begin(again, data, end)

    def _keep_incomplete(self, data: bytes) -> None:
        if not self._head and data and self._requests:
            self._since = self.loop.time()
        self._head += data
        fault = http_head.incomplete(self._head, int(self._limits.max_header_size))
        if fault is not None:
            self._refuse(fault)

    def _begin(self, head: http_head.Head, data: bytes, end: int) -> bytes:
        """Begin with the request whose head ends there in some bytes; returns what of them is left."""
        self._requests += 1
        self._admission.idle_since = None
        size, most = head.body_size, self._port.max_body_size
        if size is not None and most is not None and size > most:
            self._refuse(_TOO_LARGE)
            return b""
        if size is not None and len(data) >= end + size:
            # Mostly the whole request is there.
            end += size
            whole = head.data + data[end - size : end] if head.is_changed else data[:end]
            self._feed(whole, is_answered=False)
            self.scope["extensions"] = WHOLE_BODY
        else:
            self._body = BodyFraming(size)
            self._body_pace = self._new_body_pace(self.loop.time())
            self._feed(head.data, is_answered=False)
        # Trailers would otherwise be added to the headers that the application sees.
        self.headers = []
        if self._requests >= self._limits.keepalive_requests and self._refused_at is None:
            self.cycle.keep_alive = False
        return data[end:]

    def _take_body(self, body: BodyFraming, data: bytes) -> bytes:
        """Hand what belongs to the body to the parser; returns what comes after it."""
        end = body.piece(data)
        piece = data if end == len(data) else data[:end]
        is_answered = self.cycle.response_complete
        self._feed(piece, is_answered)
        fault = body.fault(len(piece), self._port.max_body_size)
        if fault is not None and self._refused_at is None:
            self._refuse(fault, is_answered)
        return data[end:]

    def _feed(self, data: bytes, is_answered: bool) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(_MALFORMED, is_answered)

    def on_body(self, body: bytes) -> None:
        if self._body is not None:
            self._body.carried(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._body = None
        super().on_message_complete()

    def _refuse(self, fault: Fault, is_answered: bool = False) -> None:
        """Take nothing more from this client, and answer it if the application has not."""
        self._port.limiter.refused(fault.reason, self._peer, fault.message)
        self._refused_at = self.loop.time()
        self._admission.idle_since = self._refused_at
        self._head.clear()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if not is_answered:
            self.transport.write(fault.answer())
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _new_body_pace(self, now: float) -> Pace:
        return Pace(self._limits.body_timeout + _BODY_SLACK_SECONDS, self._limits.min_rate, now)
