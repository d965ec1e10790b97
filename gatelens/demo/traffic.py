"""Requests through the demo's gateway and mesh, drawn from the model."""

import asyncio
import math
import random
import time
from collections.abc import Mapping, Sequence

import httpx

from gatelens.demo.model import (
    CONSUMERS,
    EXACT_HEADER,
    HOST,
    KINDS,
    MESH_HOST,
    MESH_KINDS,
    MESH_SHARE,
    USER_AGENTS,
    Kind,
)

_CONCURRENCY = 32


class Traffic:
    """Sends requests to gateway addresses such as 'http://127.0.0.1:10000'."""

    def __init__(self, gateways: Sequence[str], mesh: str | None = None, seed: int = 7) -> None:
        self._gateways = gateways
        self._mesh = mesh
        self._random = random.Random(seed)

    async def run(self, rate: float) -> None:
        """Send about `rate` requests a second, more by day than by night, until cancelled."""
        async with _client() as client:
            under_way: set[asyncio.Task[None]] = set()
            while True:
                task = asyncio.create_task(self._send_one(client))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                await asyncio.sleep(self._random.expovariate(rate * daily_shape(time.time())))
                while len(under_way) >= _CONCURRENCY:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)

    async def send_exactly(self, counts: Mapping[str, int], gateway: str) -> None:
        """Send so many requests of each kind to one gateway, in random order, with nothing left to chance."""
        kinds = {kind.name: kind for kind in KINDS}
        queue = [kinds[name] for name, count in counts.items() for _ in range(count)]
        self._random.shuffle(queue)
        async with _client() as client:
            await asyncio.gather(*(self._drain(client, queue, gateway) for _ in range(_CONCURRENCY)))

    async def _drain(self, client: httpx.AsyncClient, queue: list[Kind], gateway: str) -> None:
        while queue:
            await self._send(client, queue.pop(), gateway, exact=True)

    async def _send_one(self, client: httpx.AsyncClient) -> None:
        try:
            if self._mesh is not None and self._random.random() < MESH_SHARE:
                await self._send_through_mesh(client, self._pick(MESH_KINDS), self._mesh)
            else:
                await self._send(client, self._pick(KINDS), self._random.choice(self._gateways), exact=False)
        except httpx.HTTPError:
            # A request that the gateway dropped is traffic too; its access log tells of it.
            return

    async def _send(self, client: httpx.AsyncClient, kind: Kind, gateway: str, *, exact: bool) -> None:
        headers = {"user-agent": self._random.choice(USER_AGENTS), "host": HOST}
        # Clients of the range that is reserved for documentation, as a load balancer would pass them on.
        headers["x-forwarded-for"] = f"203.0.113.{self._random.randint(1, 254)}"
        if kind.consumer:
            headers["x-api-key"] = CONSUMERS[kind.consumer]
        if exact:
            headers[EXACT_HEADER] = "1"
        body = b"y" * self._random.randint(50, 900) if kind.method == "POST" else b""
        await client.request(kind.method, self._address(gateway, kind), headers=headers, content=body)

    async def _send_through_mesh(self, client: httpx.AsyncClient, kind: Kind, mesh: str) -> None:
        await client.request(kind.method, self._address(mesh, kind), headers={"host": MESH_HOST})

    def _pick(self, kinds: Sequence[Kind]) -> Kind:
        return self._random.choices(kinds, [kind.weight for kind in kinds])[0]

    def _address(self, gateway: str, kind: Kind) -> str:
        return gateway + kind.path.format(id=self._random.randint(1000, 99999))


def daily_shape(at: float) -> float:
    """How busy a time of day is, from 0.35 at night to 1.65 in the early afternoon UTC, averaging 1."""
    return 1 + 0.65 * math.sin((at % 86400) / 86400 * 2 * math.pi - 2 * math.pi * 7.5 / 24)


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_CONCURRENCY, max_keepalive_connections=_CONCURRENCY)
    return httpx.AsyncClient(limits=limits, timeout=15, trust_env=False)
