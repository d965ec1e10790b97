"""What the routes of the HTTP port share: a body converted, a payload accepted, a fault answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Concatenate

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from collector.errors import DeliveryConflict, PayloadStalled, PayloadTooLarge, ReceiverBusy, SpoolFull
from collector.intake.intake import ARRIVING_BYTES, Intake
from collector.intake.keyed_body import KeyedBody
from collector.intake.offload import LARGE_BYTES, Arguments, Result
from collector.receivers.http.arriving_body import text
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.records.place import Part
from collector.spool.payload import Payload
from storage.errors import PayloadError

RETRY_AFTER = {"Retry-After": "1"}

# Status and reason, the first that fits. 503, not 429: OpenTelemetry's Python exporter drops a batch that is answered
# with 429.
_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    PayloadStalled: (408, "stalled"),
    PayloadTooLarge: (413, "too_large"),
    DeliveryConflict: (409, "key_reused"),
    PayloadError: (400, "malformed"),
    ReceiverBusy: (503, "busy"),
    SpoolFull: (503, "spool_full"),
}


# Answers a request, whose body it reads; what it raises is told by who calls it.
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

    def refused(self, reason: str) -> None:
        """Count a request that a route turns away by itself."""
        self._intake.refused("http", reason)

    async def accept(self, request: Request, format_name: str, body: bytes) -> None:
        """Make a payload durable under what the address says of it; raises SpoolFull."""
        await self._intake.accept("http", format_name, body, **self._attributes(request))

    async def accept_together(self, request: Request, parts: Sequence[Part]) -> None:
        """The same for parts of a body: all of them, or none."""
        await self._intake.accept_together("http", self._stamped(request, parts))

    async def accept_of_environments(self, request: Request, parts: Mapping[str, Sequence[Part]]) -> None:
        """The same by the environment that the body names; '' where that is for the address to say."""
        payloads = [payload for environment, of in parts.items() for payload in self._stamped(request, of, environment)]
        await self._intake.accept_together("http", payloads)

    async def accept_once(self, request: Request, keyed: KeyedBody, parts: Sequence[Part]) -> None:
        """The same for a body with a key: what is durable of it is not stored again. Raises what the intake raises."""
        await self._intake.accept_once("http", keyed, self._stamped(request, parts))

    async def accept_arriving(
        self, request: Request, format_name: str, body: RequestBody, keyed: KeyedBody | None
    ) -> int:
        """The same for lines that are not packed, while they arrive; returns their size."""
        size = body.announced_size
        await body.hold(min(size, ARRIVING_BYTES))
        payload = self._intake.stamped(format_name, b"", **self._attributes(request))
        await self._intake.accept_arriving("http", payload, text(body.chunks()), size, keyed)
        return size

    def _stamped(self, request: Request, parts: Sequence[Part], environment: str = "") -> Sequence[Payload]:
        """Parts as payloads: what their lines tell of the gateway comes before what the address says."""
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
        """What `handle` answers; what it raises is counted and told by `fault`, from a status and a message."""
        with self._memory.released(request):
            try:
                return await handle(request, RequestBody(request, self._config, self._memory, self._intake.offload))
            except (PayloadError, ReceiverBusy, SpoolFull) as error:
                return self._refusal(error, fault)
            except ClientDisconnect:
                self._intake.refused("http", "disconnected")
                return fault(400, "The client left before its body had arrived.")

    def _refusal(self, error: Exception, fault: Callable[[int, str], Response]) -> Response:
        status, reason = next(answer for kind, answer in _REFUSALS.items() if isinstance(error, kind))
        if not isinstance(error, SpoolFull):
            # That one has been counted where it was raised.
            self._intake.refused("http", reason)
        response = fault(status, str(error))
        if isinstance(error, PayloadStalled):
            # Nobody waits for the rest.
            response.headers["Connection"] = "close"
        return response
