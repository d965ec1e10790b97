"""Requests through the demo's gateways and mesh, drawn from the model."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from gatelens.demo.model import (
    BLOCKED_ADDRESSES,
    BLOCKED_KIND,
    BLOCKED_SHARE,
    BURST,
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
_PAUSE_SECONDS = 0.5
_ADDRESSES = "203.0.113."
_BURSTING = next(kind for kind in KINDS if kind.name == BURST.kind)


@dataclass(frozen=True)
class Gateway:
    """Where a gateway listens, such as 'http://127.0.0.1:10000', and the part of the requests that goes through it."""

    url: str
    share: float
    blocks_addresses: bool = False


class Traffic:
    """Sends requests to gateways, and to a sidecar's address of the mesh."""

    def __init__(self, gateways: Sequence[Gateway], mesh: str | None = None, seed: int = 7) -> None:
        self._gateways = gateways
        self._mesh = mesh
        self._random = random.Random(seed)

    async def run(self, rate: float) -> None:
        """Send about `rate` requests a second, more by day than by night, and the bursts, until cancelled."""
        async with _client() as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._keep_sending(lambda: rate * daily_shape(time.time()), partial(self._send_one, client))
            )
            tasks.create_task(self._keep_sending(partial(_burst_rate, rate), partial(self._send_of_burst, client)))

    async def _keep_sending(self, rate: Callable[[], float], send: Callable[[], Coroutine[Any, Any, None]]) -> None:
        under_way: set[asyncio.Task[None]] = set()
        while True:
            if (now := rate()) == 0:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            task = asyncio.create_task(send())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(self._random.expovariate(now))
            while len(under_way) >= _CONCURRENCY:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)

    async def send_exactly(self, counts: Mapping[str, int], gateway: str) -> None:
        """Send so many requests of each kind to one gateway, in random order, with nothing left to chance."""
        kinds = {kind.name: kind for kind in (*KINDS, BLOCKED_KIND)}
        queue = [kinds[name] for name, count in counts.items() for _ in range(count)]
        self._random.shuffle(queue)
        async with _client() as client:
            await asyncio.gather(*(self._drain(client, queue, gateway) for _ in range(_CONCURRENCY)))

    async def _drain(self, client: httpx.AsyncClient, queue: list[Kind], gateway: str) -> None:
        while queue:
            await self._send(client, queue.pop(), gateway, exact=True)

    async def _send_one(self, client: httpx.AsyncClient) -> None:
        # A request that the gateway dropped is traffic too; its access log has it.
        with suppress(httpx.HTTPError):
            if self._mesh is not None and self._random.random() < MESH_SHARE:
                await self._send_through_mesh(client, self._pick(MESH_KINDS), self._mesh)
                return
            gateway = self._pick_gateway()
            is_blocked = gateway.blocks_addresses and self._random.random() < BLOCKED_SHARE
            kind = BLOCKED_KIND if is_blocked else self._pick(KINDS)
            await self._send(client, kind, gateway.url, exact=False)

    async def _send_of_burst(self, client: httpx.AsyncClient) -> None:
        with suppress(httpx.HTTPError):
            await self._send(client, _BURSTING, self._pick_gateway().url, exact=False)

    async def _send(self, client: httpx.AsyncClient, kind: Kind, gateway: str, *, exact: bool) -> None:
        headers = {"user-agent": self._random.choice(USER_AGENTS), "host": HOST}
        # Clients of the range that is reserved for documentation, as a load balancer would pass them on.
        addresses = BLOCKED_ADDRESSES if kind is BLOCKED_KIND else _ADDRESSES
        headers["x-forwarded-for"] = f"{addresses}{self._random.randint(1, 254)}"
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

    def _pick_gateway(self) -> Gateway:
        return self._random.choices(self._gateways, [gateway.share for gateway in self._gateways])[0]

    def _address(self, gateway: str, kind: Kind) -> str:
        return gateway + kind.path.format(id=self._random.randint(1000, 99999))


def daily_shape(at: float) -> float:
    """How busy a time of day is, from 0.35 at night to 1.65 in the early afternoon UTC, averaging 1."""
    return 1 + 0.65 * math.sin((at % 86400) / 86400 * 2 * math.pi - 2 * math.pi * 7.5 / 24)


def _usual_rate(rate: float) -> float:
    return rate * daily_shape(time.time())


def _burst_rate(rate: float) -> float:
    return rate * BURST.share if BURST.goes_on(time.time()) else 0


def _client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_CONCURRENCY, max_keepalive_connections=_CONCURRENCY)
    return httpx.AsyncClient(limits=limits, timeout=15, trust_env=False)
