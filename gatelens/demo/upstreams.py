"""Loopback HTTP servers that play the services behind the gateway."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from gatelens.demo.model import EXACT_HEADER, Upstream, condition

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 500: "Internal Server Error"}


class Upstreams:
    """A server on a free port for each upstream; `ports` tells which.

    A request's method and path decide its answer (POST 201, …/missing/… 404, else 200), the upstream's
    condition turns some into 500, and the header `x-demo-exact` switches faults and latency off.
    """

    def __init__(self, upstreams: Sequence[Upstream], seed: int = 7) -> None:
        self._upstreams = upstreams
        self._random = random.Random(seed)
        self._servers: list[asyncio.Server] = []
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        for upstream in self._upstreams:
            server = await asyncio.start_server(partial(self._serve, upstream), "127.0.0.1", 0)
            self._servers.append(server)
            self.ports[upstream.cluster] = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for server in self._servers:
            server.close()

    async def _serve(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio reports a connection that is cancelled, as at the end of its loop, as a fault.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await self._answer(upstream, reader, writer)
        writer.close()

    async def _answer(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request_line, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = request_line.split(" ", 2)
        status = 404 if "/missing/" in path else 201 if method == "POST" else 200
        if EXACT_HEADER not in headers:
            latency_ms, fault_rate = condition(upstream, time.time())
            await asyncio.sleep(self._random.lognormvariate(0, upstream.spread) * latency_ms / 1000)
            if self._random.random() < fault_rate:
                status = 500
        body = b"x" * self._random.randint(80, 4000)
        answer = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        writer.write(answer.encode() + body)
        await writer.drain()
