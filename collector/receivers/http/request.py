"""What the routes of the HTTP port share: a body converted, a payload accepted, a fault answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Concatenate

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.errors import (
    DeliveryConflict,
    PayloadError,
    PayloadStalled,
    PayloadTooLarge,
    ReceiverBusy,
    SpoolFull,
    UnknownEncoding,
)
from collector.intake.intake import ARRIVING_BYTES, Intake
from collector.intake.keyed_body import KnownBody
from collector.intake.offload import LARGE_BYTES, Arguments, Result
from collector.receivers.http.arriving_body import text
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.idempotency import keyed_body, sent_body
from collector.receivers.net.refused_requests import mark_refused
from collector.records.distinct import are_distinct
from collector.records.place import Part
from collector.spool.payload import Payload

RETRY_AFTER = {"Retry-After": "1"}

# Status and reason, the first that fits. 503, not 429: OpenTelemetry's Python exporter drops a batch that is answered
# with 429.
_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    PayloadStalled: (408, "stalled"),
    PayloadTooLarge: (413, "too_large"),
    DeliveryConflict: (409, "key_reused"),
    UnknownEncoding: (415, "encoding"),
    PayloadError: (400, "malformed"),
    ReceiverBusy: (503, "busy"),
    SpoolFull: (503, "spool_full"),
}


# Reads a request's body and answers it; its caller reports what it raises.
Handle = Callable[[Request, RequestBody], Awaitable[Response]]


class HttpIntake:
    """The way from a request to the intake; each module of routes makes its own."""

    def __init__(self, intake: Intake, config: HttpConfig, memory: BodyMemory) -> None:
        self._intake = intake
        self._config = config
        self._memory = memory

    async def converted(
        self,
        body: bytes,
        convert: Callable[Concatenate[bytes, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What `convert` makes of a body or raises about it; while it is at a large one, other clients are served."""
        return await self._intake.offload.run(len(body) > LARGE_BYTES, convert, body, *args, **kwargs)

    def refused(self, request: Request, reason: str, message: str = "") -> None:
        """Count a request that a route turns away by itself."""
        self._intake.refused("http", reason)
        mark_refused(request, reason, message)

    async def accept(self, request: Request, body: RequestBody, format_name: str, content: bytes) -> None:
        """Make a message durable under what the address says of it, once; raises what the intake raises.

        Its records have times, or ids, of their own: who sends it twice sends it again.
        """
        payload = self._intake.stamped(format_name, content, **self._attributes(request))
        await self._accept_message(request, body, content, [payload])

    async def accept_of_environments(
        self, request: Request, body: RequestBody, content: bytes, parts: Mapping[str, Sequence[Part]]
    ) -> None:
        """The same of parts by the environment that the body names; '' where that is for the address to say."""
        payloads = [payload for environment, of in parts.items() for payload in self.stamped(request, of, environment)]
        await self._accept_message(request, body, content, payloads)

    async def _accept_message(
        self, request: Request, body: RequestBody, content: bytes, payloads: Sequence[Payload]
    ) -> None:
        await self.accept_known(body, content, payloads, keyed_body(request) or self.by_its_bytes(request))

    async def accept_known(
        self, body: RequestBody, content: bytes, payloads: Sequence[Payload], known: KnownBody | None
    ) -> None:
        """Make a body's payloads durable: all or none, and once if the body is keyed."""
        if known is None:
            await self._intake.accept_together("http", payloads)
            return
        # Compressed again, the same content has other bytes.
        known.add(body.digest if known.window_us is not None else content)
        await self._intake.accept_once("http", known, payloads)

    def by_its_bytes(self, request: Request, records: Sequence[bytes] | None = None) -> KnownBody | None:
        """What a body without a key is known by; None where it may be meant when it comes twice.

        `records` are those of a body that is text, or its beginning.
        """
        if not self._config.resend_window:
            return None
        if records is not None and self._config.resends == "distinct" and not are_distinct(records):
            return None
        return sent_body(request, self._config.resend_window)

    async def accept_arriving(
        self, request: Request, format_name: str, body: RequestBody, known: KnownBody | None
    ) -> int:
        """The same for lines that are not packed, while they arrive; returns their size."""
        size = body.announced_size
        await body.hold(min(size, ARRIVING_BYTES))
        payload = self._intake.stamped(format_name, b"", **self._attributes(request))
        await self._intake.accept_arriving("http", payload, text(body.chunks()), size, known)
        return size

    def stamped(self, request: Request, parts: Sequence[Part], environment: str = "") -> Sequence[Payload]:
        """Parts as payloads: a gateway named by lines comes before one in the address."""
        attributes = self._attributes(request)
        return [
            self._intake.stamped(
                name,
                body,
                peer=place.instance or attributes["peer"],
                environment=environment or attributes["environment"],
                gateway=place.gateway or attributes["gateway"],
            )
            for name, body, place in parts
        ]

    def _attributes(self, request: Request) -> dict[str, str]:
        """What the address says of a payload, and where it does not, the connection and the settings."""
        query = request.query_params
        return {
            "peer": query.get("peer", request.client.host if request.client else ""),
            "environment": query.get("environment", self._config.environment),
            "gateway": query.get("gateway", ""),
        }

    async def answer(
        self,
        request: Request,
        handle: Handle,
        fault: Callable[[int, str], Response],
    ) -> Response:
        """What `handle` answers; errors are counted, and answered by `fault` from a status and a message."""
        with self._memory.released(request):
            try:
                return await handle(request, RequestBody(request, self._config, self._memory, self._intake.offload))
            except (PayloadError, ReceiverBusy, SpoolFull) as error:
                return self._refusal(request, error, fault)
            except ClientDisconnect:
                self.refused(request, "disconnected")
                return fault(400, "The client left before its body had arrived.")

    def _refusal(self, request: Request, error: Exception, fault: Callable[[int, str], Response]) -> Response:
        status, reason = next(answer for kind, answer in _REFUSALS.items() if isinstance(error, kind))
        if isinstance(error, SpoolFull):
            # It was reported where it was raised.
            mark_refused(request, "")
        else:
            self.refused(request, reason, str(error))
        response = fault(status, str(error))
        if isinstance(error, PayloadStalled):
            # Nobody waits for the rest.
            response.headers["Connection"] = "close"
        return response
