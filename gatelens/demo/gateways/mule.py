"""A stand-in for a Mule runtime: a small proxy, which is no Mule and says so, with the policies that one would have.

Its events, logs and metrics have Mule's shapes (gatelens/demo/gateways/mule_speech.py); the requests in them are real.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gatelens.demo.gateways.mule_speech import Exchange, MuleSpeech
from gatelens.demo.gateways.upstreams import answer_head, read_head
from gatelens.demo.model import (
    BLOCKED_ADDRESSES,
    CACHED_PATH,
    CACHED_SECONDS,
    CONSUMERS,
    EXACT_HEADER,
    EXPORTS_PER_MINUTE,
    RATE_LIMITED_PATH,
    api_of,
    prefix_of,
)

_BY_KEY = {key: consumer for consumer, key in CONSUMERS.items()}
_SENT_ON = ("user-agent", "x-request-id", "content-type", EXACT_HEADER)


@dataclass(frozen=True)
class _Answer:
    """What a client gets, and by which policy, if one refused the request."""

    status: int
    body: bytes
    policy: str = ""


class MuleStandIn:
    """Proxies `/orders/v1/…` and the like to the upstreams; `url` answers from `start` to `stop`."""

    def __init__(self, ports: Mapping[str, int], speech: MuleSpeech) -> None:
        self._upstreams = {prefix_of(cluster): (cluster, port) for cluster, port in ports.items()}
        self._speech = speech
        self._tracer = speech.tracer
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self._cache: dict[str, tuple[float, _Answer]] = {}
        self._exports: Counter[int] = Counter()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._client.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio reports a connection that is cancelled, as at the end of its loop, as a fault.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, headers = await read_head(reader)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        received = time.time()
        path, _, _ = target.partition("?")
        upstream = next((found for prefix, found in self._upstreams.items() if path.startswith(prefix)), None)
        context = TraceContextTextMapPropagator().extract(headers)
        attributes = {"http.request.method": method, "url.path": path}
        name = f"{method} {path.split('/')[1]}"
        with self._tracer.start_as_current_span(name, context, SpanKind.SERVER, attributes) as span:
            answer = _Answer(404, b"")
            if upstream is not None:
                answer = await self._answer(method, target, headers, body, upstream)
            span.set_attribute("http.response.status_code", answer.status)
        writer.write(answer_head(answer.status, len(answer.body)) + answer.body)
        await writer.drain()
        # Without an API no analytics: the listener alone has seen it.
        if upstream is not None:
            api, version = api_of(upstream[0])
            self._speech.hear(
                Exchange(
                    api=api,
                    version=version,
                    consumer=_BY_KEY.get(headers.get("x-api-key", ""), ""),
                    method=method,
                    path=path,
                    status=answer.status,
                    client=headers.get("x-forwarded-for", "127.0.0.1").partition(",")[0],
                    user_agent=headers.get("user-agent", ""),
                    request_id=headers.get("x-request-id", "") or str(uuid.uuid4()),
                    request_bytes=len(body),
                    response_bytes=len(answer.body),
                    policy=answer.policy,
                ),
                received,
                time.time(),
            )

    async def _answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, upstream: tuple[str, int]
    ) -> _Answer:
        refused = self._refusal(target, headers)
        if refused is not None:
            return refused
        at, kept = self._cache.get(target, (0.0, None))
        if kept is not None and time.time() - at < CACHED_SECONDS:
            return kept
        answer = await self._ask(method, target, headers, body, upstream)
        if method == "GET" and target.startswith(CACHED_PATH) and answer.status == 200 and EXACT_HEADER not in headers:
            self._cache[target] = (time.time(), answer)
        return answer

    def _refusal(self, target: str, headers: Mapping[str, str]) -> _Answer | None:
        if headers.get("x-api-key", "") not in _BY_KEY:
            return _Answer(401, b"Invalid client id", "Client ID enforcement")
        if headers.get("x-forwarded-for", "").startswith(BLOCKED_ADDRESSES):
            return _Answer(403, b"Address is blocked", "IP blocklist")
        if target == RATE_LIMITED_PATH:
            minute = int(time.time() // 60)
            self._exports[minute] += 1
            if self._exports[minute] > EXPORTS_PER_MINUTE or EXACT_HEADER in headers:
                return _Answer(429, b"Quota has been exceeded", "Rate limiting")
        return None

    async def _ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, upstream: tuple[str, int]
    ) -> _Answer:
        cluster, port = upstream
        passed_on = {name: headers[name] for name in _SENT_ON if name in headers}
        with self._tracer.start_as_current_span(cluster, kind=SpanKind.CLIENT):
            TraceContextTextMapPropagator().inject(passed_on)
            try:
                url = f"http://127.0.0.1:{port}{target}"
                answer = await self._client.request(method, url, headers=passed_on, content=body)
            except httpx.HTTPError as error:
                self._speech.complain(cluster, error)
                return _Answer(503, b"Service Unavailable")
        return _Answer(answer.status_code, answer.content)
