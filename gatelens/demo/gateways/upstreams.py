"""Loopback HTTP servers that play the services behind the gateways."""

import asyncio
import random
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import httpx

from gatelens.demo.model import CACHED_PATH, CACHED_SECONDS, EXACT_HEADER, MESH_HOST, Upstream, condition, is_down

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 500: "Internal Server Error"}
_LOOK_SECONDS = 1.0
# What a service hands on when it calls another one for a request.
_PASSED_ON = ("x-request-id", "traceparent", "tracestate")
# Of the calls to this service, such a part needs the stock of inventory.shop, through the mesh.
_CALLING = "orders-v2"
_CALLING_SHARE = 0.3


class Upstreams:
    """A server on a free port for each upstream; `ports` has them.

    A request's method and path decide its answer (POST 201, …/missing/… 404, else 200), the upstream's
    condition turns some into 500, and the header `x-demo-exact` switches faults and latency off.
    """

    def __init__(self, upstreams: Sequence[Upstream], seed: int = 7) -> None:
        self._upstreams = {upstream.cluster: upstream for upstream in upstreams}
        self._random = random.Random(seed)
        self._servers: dict[str, asyncio.Server] = {}
        # Of those that are down: their ports, bound so that nobody else takes them, and without a listener.
        self._bound: dict[str, socket.socket] = {}
        self._connections: dict[str, set[asyncio.StreamWriter]] = {cluster: set() for cluster in self._upstreams}
        self._mesh = ""
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        for cluster in self._upstreams:
            await self._listen(cluster, 0)

    async def stop(self) -> None:
        for server in self._servers.values():
            server.close()
        for bound in self._bound.values():
            bound.close()

    async def follow_incidents(self) -> None:
        """Let those die that are down by the model, and start them again, until cancelled."""
        while True:
            for cluster in self._upstreams:
                down = is_down(cluster, time.time())
                if down and cluster in self._servers:
                    self.kill(cluster)
                elif not down and cluster in self._bound:
                    await self.revive(cluster)
            await asyncio.sleep(_LOOK_SECONDS)

    def kill(self, cluster: str) -> None:
        """Close the listener and all connections: the next one is refused."""
        self._servers.pop(cluster).close()
        for writer in self._connections[cluster]:
            writer.transport.abort()
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", self.ports[cluster]))
        self._bound[cluster] = bound

    async def revive(self, cluster: str) -> None:
        """Listen again, on the same port."""
        self._bound.pop(cluster).close()
        await self._listen(cluster, self.ports[cluster])

    def call_through(self, mesh: str) -> None:
        """From now on one of the services calls another one, at a sidecar's address."""
        self._mesh = mesh

    async def _listen(self, cluster: str, port: int) -> None:
        server = await asyncio.start_server(partial(self._serve, self._upstreams[cluster]), "127.0.0.1", port)
        self._servers[cluster] = server
        self.ports[cluster] = server.sockets[0].getsockname()[1]

    async def _serve(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections = self._connections[upstream.cluster]
        connections.add(writer)
        # asyncio reports a connection that is cancelled, as at the end of its loop, as a fault.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await self._answer(upstream, reader, writer)
        connections.discard(writer)
        writer.close()

    async def _answer(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, headers = await read_head(reader)
        await reader.readexactly(int(headers.get("content-length", "0")))
        status = 404 if "/missing/" in path else 201 if method == "POST" else 200
        more = ""
        if EXACT_HEADER not in headers:
            latency_ms, fault_rate = condition(upstream, time.time())
            await asyncio.sleep(self._random.lognormvariate(0, upstream.spread) * latency_ms / 1000)
            if self._random.random() < fault_rate:
                status = 500
            if path.startswith(CACHED_PATH):
                more = f"cache-control: max-age={CACHED_SECONDS}\r\n"
            if self._mesh and upstream.cluster == _CALLING and self._random.random() < _CALLING_SHARE:
                await self._ask_for_stock(headers)
        body = b"x" * self._random.randint(80, 4000)
        writer.write(answer_head(status, len(body), more) + body)
        await writer.drain()

    async def _ask_for_stock(self, headers: Mapping[str, str]) -> None:
        passed_on = {name: headers[name] for name in _PASSED_ON if name in headers}
        url = f"{self._mesh}/inventory/stock/{self._random.randint(1000, 99999)}"
        # Without the stock an order is answered all the same.
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                await client.get(url, headers={**passed_on, "host": MESH_HOST})


async def read_head(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers, by their names in small letters, of a request of HTTP/1.1."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.split("\r\n")
    method, path, _ = request_line.split(" ", 2)
    return method, path, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def answer_head(status: int, length: int, more: str = "") -> bytes:
    """The beginning of an answer, with `more` whole lines of headers."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    return (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\ndate: {date}\r\ncontent-type: text/plain\r\n"
        f"{more}content-length: {length}\r\n\r\n"
    ).encode()
