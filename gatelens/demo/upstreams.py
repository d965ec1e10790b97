"""Loopback HTTP servers that play the services behind the gateway."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from gatelens.demo.model import Upstream

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 500: "Internal Server Error"}


class Upstreams:
    """A server on a free port for each upstream; `ports` tells which.

    A request's method and path decide its answer (POST 201, …/missing/… 404, else 200), the upstream's fault rate
    turns some into 500, and the header `x-demo-exact` switches faults and latency off, so that a test can count.
    """

    def __init__(self, upstreams: Sequence[Upstream], seed: int = 7) -> None:
        self._upstreams = upstreams
        self._random = random.Random(seed)
        self._servers: list[asyncio.Server] = []
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        for upstream in self._upstreams:
            server = await asyncio.start_server(self._connection(upstream), "127.0.0.1", 0)
            self._servers.append(server)
            self.ports[upstream.cluster] = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for server in self._servers:
            server.close()

    def _connection(self, upstream: Upstream):  # type: ignore[no-untyped-def]  # noqa: ANN202
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._answer(upstream, reader, writer)
            writer.close()

        return serve

    async def _answer(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request_line, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = request_line.split(" ", 2)
        status = 404 if "/missing/" in path else 201 if method == "POST" else 200
        if "x-demo-exact" not in headers:
            await asyncio.sleep(self._random.lognormvariate(0, upstream.spread) * upstream.latency_ms / 1000)
            if self._random.random() < upstream.fault_rate:
                status = 500
        body = b"x" * self._random.randint(80, 4000)
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
