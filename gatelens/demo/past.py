"""The demo's traffic as it would have been in any ten minutes of the past, drawn from the model as arrays."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gatelens.demo.model import (
    EXPORTS_PER_MINUTE,
    INVENTORY,
    KINDS,
    MESH_KINDS,
    MESH_SHARE,
    UPSTREAMS,
    USER_AGENTS,
    VIA_UPSTREAM,
    Upstream,
    condition,
)
from gatelens.demo.traffic import daily_shape

STRETCH = timedelta(minutes=10)

# What `Requests.kind` counts through.
ALL_KINDS = (*KINDS, *MESH_KINDS)

_LISTENERS = 2

# Medians of what an Envoy adds to its upstream's time, and of what it takes to answer by itself.
_PROXY_US = 220
_LOCAL_REPLY_US = 150
_LOCAL_REPLY_BYTES = 18

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Strings = NDArray[np.str_]

_NOBODY = Upstream("", 0)
_BY_CLUSTER = {upstream.cluster: upstream for upstream in (*UPSTREAMS, INVENTORY)}
_BEHIND = [_BY_CLUSTER.get(kind.cluster, _NOBODY) for kind in ALL_KINDS]


@dataclass(frozen=True)
class Requests:
    """Columns of requests in order of time; times and durations are microseconds.

    `reached` tells whether an upstream answered; `upstream` is 0 where none did. `number` fills the path's
    `{id}`, `client` is the last part of an address, `agent` counts through the user agents.
    """

    time: Integers
    kind: Integers
    reached: Booleans
    status: Integers
    duration: Integers
    upstream: Integers
    received: Integers
    sent: Integers
    number: Integers
    client: Integers
    agent: Integers
    id: Strings


def draw(start: datetime, rate: float, seed: int = 7) -> Requests:
    """The requests of the stretch from `start` on, at `rate` a second over a day; always the same ones."""
    random = np.random.default_rng([seed, int(start.timestamp())])
    starts = int(start.timestamp()) + 60 * np.arange(STRETCH // timedelta(minutes=1))
    counts = random.poisson([rate * 60 * daily_shape(at + 30) for at in starts.tolist()])
    size = int(counts.sum())
    minute = np.repeat(np.arange(starts.size), counts)
    time = np.sort(starts[minute] * 1_000_000 + random.integers(0, 60_000_000, size))
    kind = random.choice(len(ALL_KINDS), size, p=_shares())
    reached = np.array([each.details == VIA_UPSTREAM for each in ALL_KINDS])[kind] | _passed(random, time, kind)
    upstream, faulty = _answers(random, starts, minute, kind)
    upstream = np.where(reached, upstream, 0)
    own = np.where(reached, _PROXY_US, _LOCAL_REPLY_US) * random.lognormal(0, 0.3, size)
    post = np.array([each.method == "POST" for each in ALL_KINDS])[kind]
    return Requests(
        time=time,
        kind=kind,
        reached=reached,
        status=_statuses(kind, reached, faulty),
        duration=upstream + own.astype(np.int64),
        upstream=upstream,
        received=np.where(post, random.integers(50, 901, size), 0),
        sent=np.where(reached, random.integers(80, 4001, size), _LOCAL_REPLY_BYTES),
        number=random.integers(1000, 100_000, size),
        client=random.integers(1, 255, size),
        agent=random.integers(0, len(USER_AGENTS), size),
        id=_ids(random, size),
    )


def _shares() -> list[float]:
    outside, inside = (sum(kind.weight for kind in kinds) for kinds in (KINDS, MESH_KINDS))
    return [
        *((1 - MESH_SHARE) * kind.weight / outside for kind in KINDS),
        *(MESH_SHARE * kind.weight / inside for kind in MESH_KINDS),
    ]


def _passed(random: np.random.Generator, time: Integers, kind: Integers) -> Booleans:
    """Which requests a rate limit lets through: the first few of each minute at each listener."""
    limited = np.flatnonzero(np.array([each.flags == "RL" for each in ALL_KINDS])[kind])
    listeners = random.integers(0, _LISTENERS, limited.size).tolist()
    passed = np.zeros(kind.size, dtype=np.bool_)
    seen: Counter[tuple[int, int]] = Counter()
    for index, listener in zip(limited.tolist(), listeners, strict=True):
        bucket = (int(time[index]) // 60_000_000, listener)
        seen[bucket] += 1
        passed[index] = seen[bucket] <= EXPORTS_PER_MINUTE
    return passed


def _answers(
    random: np.random.Generator, starts: Integers, minute: Integers, kind: Integers
) -> tuple[Integers, Booleans]:
    """What each request's upstream would take, and whether it would fail, by its condition in that minute."""
    conditions = np.array([[condition(upstream, at) for upstream in _BEHIND] for at in starts.tolist()])
    latency_ms, fault_rate = conditions[minute, kind].T
    spread = np.array([upstream.spread for upstream in _BEHIND])[kind]
    took = latency_ms * 1000 * np.exp(spread * random.standard_normal(kind.size))
    return took.astype(np.int64), random.random(kind.size) < fault_rate


def _statuses(kind: Integers, reached: Booleans, faulty: Booleans) -> Integers:
    """As the model has it, but 200 for what a rate limit let through, and 500 for an upstream's fault."""
    status = np.array([each.status for each in ALL_KINDS])[kind]
    limited = np.array([each.flags == "RL" for each in ALL_KINDS])[kind]
    return np.where(reached & faulty, 500, np.where(reached & limited, 200, status))


def _ids(random: np.random.Generator, size: int) -> Strings:
    """Random UUIDs, as Envoy gives them to requests."""
    drawn = random.bytes(16 * size).hex()
    return np.array(
        [
            f"{drawn[at : at + 8]}-{drawn[at + 8 : at + 12]}-4{drawn[at + 13 : at + 16]}"
            f"-a{drawn[at + 17 : at + 20]}-{drawn[at + 20 : at + 32]}"
            for at in range(0, 32 * size, 32)
        ],
        dtype="U36",
    )
