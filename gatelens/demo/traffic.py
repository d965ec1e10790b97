"""Requests through the demo's gateway and mesh, drawn from the model."""

import asyncio
import math
import random
import time
import uuid
from collections.abc import Mapping, Sequence

import httpx

from gatelens.demo.model import CONSUMERS, KINDS, Kind

_CONCURRENCY = 32
_USER_AGENTS = ("okhttp/4.12.0", "Mozilla/5.0 (demo shop)", "python-httpx/0.28", "acme-sync/2.3")


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
        """Send so many requests of each kind to one gateway, in random order, without faults of the upstreams' own."""
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
            if self._mesh is not None and self._random.random() < 0.15:
                await self._send_through_mesh(client, self._mesh)
                return
            kind = self._random.choices(KINDS, [kind.weight for kind in KINDS])[0]
            await self._send(client, kind, self._random.choice(self._gateways), exact=False)
        except httpx.HTTPError:
            # A request that the gateway dropped is traffic too; its access log tells of it.
            return

    async def _send(self, client: httpx.AsyncClient, kind: Kind, gateway: str, *, exact: bool) -> None:
        headers = {"user-agent": self._random.choice(_USER_AGENTS), "host": "api.demo.example"}
        if kind.consumer:
            headers["x-api-key"] = CONSUMERS[kind.consumer]
        if exact:
            headers["x-demo-exact"] = "1"
        path = kind.path.format(id=self._random.randint(1000, 99999))
        body = b"y" * self._random.randint(50, 900) if kind.method == "POST" else b""
        await client.request(kind.method, f"{gateway}{path}", headers=headers, content=body)

    async def _send_through_mesh(self, client: httpx.AsyncClient, mesh: str) -> None:
        path = "/inventory/dead" if self._random.random() < 0.03 else f"/inventory/stock/{self._random.randint(1, 500)}"
        headers = {"host": "inventory.shop.svc.cluster.local:8080", "x-request-id": str(uuid.uuid4())}
        await client.get(f"{mesh}{path}", headers=headers)


def daily_shape(at: float) -> float:
    """How busy a time of day is, from 0.35 at night to 1.65 in the early afternoon UTC, averaging 1."""
    return 1 + 0.65 * math.sin((at % 86400) / 86400 * 2 * math.pi - 2 * math.pi * 7.5 / 24)


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_CONCURRENCY, max_keepalive_connections=_CONCURRENCY)
    return httpx.AsyncClient(limits=limits, timeout=15, trust_env=False)
