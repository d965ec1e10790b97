"""Splunk's HTTP Event Collector: what Mule's agent, Flex's Fluent Bit and log4j's appenders can all write to.

https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector has its answers.
"""

import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collector.intake.intake import Intake
from collector.receivers.http import hec_events
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.hec_config import HecToken
from collector.receivers.http.idempotency import keyed_body
from collector.receivers.http.request import RETRY_AFTER, Handle, HttpIntake
from collector.receivers.net.sender_tokens import token_of

Handler = Callable[[Request], Awaitable[Response]]

_BASE = "/services/collector"

_SUCCESS, _NO_TOKEN, _NO_AUTHORIZATION, _UNKNOWN_TOKEN, _NO_DATA, _INVALID = 0, 2, 3, 4, 5, 6
_BUSY, _NO_CHANNEL, _INVALID_CHANNEL, _NO_EVENT, _BLANK_EVENT, _HEALTHY, _TOO_LARGE = 9, 10, 11, 12, 13, 17, 27

# Status and text of each code.
_ANSWERS = {
    _SUCCESS: (200, "Success"),
    _NO_TOKEN: (401, "Token is required"),
    _NO_AUTHORIZATION: (401, "Invalid authorization"),
    _UNKNOWN_TOKEN: (403, "Invalid token"),
    _NO_DATA: (400, "No data"),
    _INVALID: (400, "Invalid data format"),
    _BUSY: (503, "Server is busy"),
    _NO_CHANNEL: (400, "Data channel is missing"),
    _INVALID_CHANNEL: (400, "Invalid data channel"),
    _NO_EVENT: (400, "Event field is required"),
    _BLANK_EVENT: (400, "Event field cannot be blank"),
    _HEALTHY: (200, "HEC is healthy"),
    _TOO_LARGE: (413, "Request entity too large"),
}
# HEC has no code for a body that does not come or is packed otherwise, nor for a key that comes with another.
_OF_STATUS = {400: _INVALID, 408: _INVALID, 409: _INVALID, 413: _TOO_LARGE, 415: _INVALID, 503: _BUSY}
_OF_EVENT = {hec_events.NoEvent: _NO_EVENT, hec_events.BlankEvent: _BLANK_EVENT}

_CHANNEL = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_MOST_ACKS_ASKED = 100_000


def routes(intake: Intake, config: HttpConfig, memory: BodyMemory) -> list[Route]:
    hec = _Hec(intake, config, memory)
    return [
        Route(_BASE, hec.answering(hec.event), methods=["POST"]),
        *_versions("event", hec.answering(hec.event), "POST"),
        *_versions("raw", hec.answering(hec.raw), "POST"),
        *_versions("ack", hec.answering(hec.ack), "POST"),
        *_versions("health", hec.health, "GET"),
        # Docker's log driver asks so before it starts a container, without its token.
        Route(_BASE, hec.health, methods=["OPTIONS"]),
        *_versions("event", hec.health, "OPTIONS"),
        *_versions("raw", hec.health, "OPTIONS"),
    ]


def _versions(name: str, handler: Handler, method: str) -> list[Route]:
    return [Route(f"{_BASE}/{name}{version}", handler, methods=[method]) for version in ("", "/1.0")]


class _Refused(Exception):
    """A request that HEC has a code for."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Hec:
    def __init__(self, intake: Intake, config: HttpConfig, memory: BodyMemory) -> None:
        self._intake = intake
        self._config = config
        self._http = HttpIntake(intake, config, memory)
        self._source_types = {**intake.formats.source_types} | {
            known.name: known.format for known in config.hec.sourcetypes
        }
        # What is answered is on disk: every number that was given out is acknowledged, by an earlier process too.
        self._next_ack = time.time_ns() // 1000

    def answering(self, handle: Handle) -> Handler:
        """The handler, with errors answered as HEC answers them."""

        async def handled(request: Request, body: RequestBody) -> Response:
            try:
                return await handle(request, body)
            except hec_events.InvalidEvent as error:
                code = _OF_EVENT.get(type(error), _INVALID)
                self._http.refused(request, "malformed", f"{_ANSWERS[code][1]}: event {error.number} of the body.")
                return _answer(code, {"invalid-event-number": error.number})
            except _Refused as error:
                unknown = error.code in (_NO_TOKEN, _NO_AUTHORIZATION, _UNKNOWN_TOKEN)
                self._http.refused(request, "unauthenticated" if unknown else "malformed")
                return _answer(error.code)

        async def answer(request: Request) -> Response:
            return await self._http.answer(request, handled, _fault)

        return answer

    async def event(self, request: Request, body: RequestBody) -> Response:
        """Events in their envelopes."""
        token, channel = self._token(request), _channel(request)
        content = await _content(request, body)
        groups = await self._http.converted(content, self._groups, token.format if token else "")
        await self._accept(request, body, content, token, groups)
        return self._accepted(channel)

    async def raw(self, request: Request, body: RequestBody) -> Response:
        """Lines; the query string holds what an envelope would."""
        token, channel = self._token(request), _channel(request)
        content = await _content(request, body)
        if not content.strip():
            raise _Refused(_NO_DATA)
        query = request.query_params
        name = (token.format if token else "") or self._source_types.get(query.get("sourcetype", ""), "")
        host = query.get("host", "")
        found = await self._http.converted(content, hec_events.raw, self._intake.formats, name)
        groups = [hec_events.Group(name, host, lines, place) for name, lines, place in found]
        await self._accept(request, body, content, token, groups)
        return self._accepted(channel)

    async def ack(self, request: Request, body: RequestBody) -> Response:
        """Which of the numbers that were given out are on disk."""
        self._token(request)
        if not _channel(request):
            raise _Refused(_NO_CHANNEL)
        try:
            numbers = await self._http.converted(await _content(request, body), _asked_for)
        except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as error:
            raise _Refused(_INVALID) from error
        return JSONResponse({"acks": {str(number): 0 <= number < self._next_ack for number in numbers}})

    async def health(self, request: Request) -> Response:
        """Whether events are taken at all."""
        return _answer(_HEALTHY)

    def _groups(self, body: bytes, format_name: str) -> list[hec_events.Group]:
        events = hec_events.parse(body, self._intake.formats)
        if not events:
            raise _Refused(_NO_DATA)
        return hec_events.groups(events, self._intake.formats, self._source_types, format_name)

    async def _accept(
        self,
        request: Request,
        body: RequestBody,
        content: bytes,
        token: HecToken | None,
        groups: Sequence[hec_events.Group],
    ) -> None:
        address = request.client.host if request.client else ""
        payloads = [
            self._intake.stamped(
                group.format,
                group.lines,
                peer=group.place.instance or group.host or address,
                environment=(token.environment if token else "") or self._config.environment,
                gateway=group.place.gateway or (token.gateway if token else ""),
            )
            for group in groups
        ]
        known = keyed_body(request) or self._http.by_its_bytes(request, [content])
        await self._http.accept_known(body, content, payloads, known)

    def _accepted(self, channel: str) -> Response:
        if not channel:
            return _answer(_SUCCESS)
        self._next_ack += 1
        return _answer(_SUCCESS, {"ackId": self._next_ack - 1})

    def _token(self, request: Request) -> HecToken | None:
        """What the settings say of the client's token; None where they say nothing of it, and it is good."""
        if not self._config.hec.tokens or "sender" in request.scope.get("state", {}):
            return None
        presented = _presented(request.headers.get("authorization", "")).encode()
        for known in self._config.hec.tokens:
            if hmac.compare_digest(known.token.get_secret_value().encode(), presented):
                return known
        raise _Refused(_UNKNOWN_TOKEN)


async def _content(request: Request, body: RequestBody) -> bytes:
    if request.headers.get("content-length") == "0":
        raise _Refused(_NO_DATA)
    return await body.unpacked()


def _asked_for(body: bytes) -> list[int]:
    return [int(number) for number in json.loads(body)["acks"][:_MOST_ACKS_ASKED]]


def _presented(authorization: str) -> str:
    """The token in a header Authorization; raises _Refused where there is none."""
    if not authorization.strip():
        raise _Refused(_NO_TOKEN)
    if not (token := token_of(authorization)):
        raise _Refused(_NO_AUTHORIZATION)
    return token


def _channel(request: Request) -> str:
    channel = request.headers.get("x-splunk-request-channel") or request.query_params.get("channel", "")
    if channel and not _CHANNEL.match(channel):
        raise _Refused(_INVALID_CHANNEL)
    return channel


def _answer(code: int, more: dict[str, int] | None = None, detail: str = "") -> Response:
    status, text = _ANSWERS[code]
    content = {"text": text, "code": code} | (more or {}) | ({"detail": detail} if detail else {})
    return JSONResponse(content, status_code=status, headers=RETRY_AFTER if status == 503 else {})


def _fault(status: int, message: str) -> Response:
    answer = _answer(_OF_STATUS[status], detail=message)
    answer.status_code = status
    return answer
