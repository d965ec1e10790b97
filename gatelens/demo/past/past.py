"""The demo's traffic as it would have been in any ten minutes of the past, drawn from the model as arrays."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gatelens.demo.model import (
    BLOCKED_KIND,
    BLOCKED_SHARE,
    BURST,
    CACHED_PATH,
    EXPORTS_PER_MINUTE,
    GATEWAY_SHARES,
    INVENTORY,
    KINDS,
    MESH_KINDS,
    MESH_SHARE,
    UPSTREAMS,
    USER_AGENTS,
    VIA_UPSTREAM,
    Upstream,
    condition,
    is_down,
)
from gatelens.demo.traffic import daily_shape

STRETCH = timedelta(minutes=10)

# What `Requests.kind` counts through.
ALL_KINDS = (*KINDS, *MESH_KINDS, BLOCKED_KIND)
BLOCKED = len(ALL_KINDS) - 1

# What `Requests.gateway` counts through; the last one is the mesh.
BY_ENVOY, BY_FLEX, BY_MULE, BY_MESH = range(4)

# What `Requests.end` counts through: the gateway answered as the kind has it, the upstream did, nobody listened there,
# and the gateway's cache did.
LOCAL, REACHED, REFUSED, FROM_CACHE = range(4)

_CACHED_SHARE = 0.8
# What limits the rate counts for itself: the two listeners of Envoy, Flex Gateway, and Mule.
_LISTENERS = {BY_ENVOY: 2, BY_FLEX: 1, BY_MULE: 1}

# Medians of what a gateway adds to its upstream's time, and of what it takes to answer by itself.
_PROXY_US = np.array([220, 410, 2_600, 220])
_LOCAL_REPLY_US = np.array([150, 280, 900, 150])
_LOCAL_REPLY_BYTES = 18

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Strings = NDArray[np.str_]

_NOBODY = Upstream("", 0)
_BY_CLUSTER = {upstream.cluster: upstream for upstream in (*UPSTREAMS, INVENTORY)}
_BEHIND = [_BY_CLUSTER.get(kind.cluster, _NOBODY) for kind in ALL_KINDS]
_LIMITED = np.array([each.flags == "RL" for each in ALL_KINDS])
_CACHED = np.array([each.path.startswith(CACHED_PATH) for each in ALL_KINDS])
_IN_MESH = np.array([each in MESH_KINDS for each in ALL_KINDS])
_OF_NO_API = np.array([each.api == "" for each in ALL_KINDS])
_BURSTING = next(number for number, kind in enumerate(ALL_KINDS) if kind.name == BURST.kind)


@dataclass(frozen=True)
class Requests:
    """Columns of requests in order of time; times and durations are microseconds.

    `upstream` is 0 where none answered. `number` fills the path's `{id}`, `client` is the last part of an address,
    `agent` counts through the user agents.
    """

    time: Integers
    kind: Integers
    gateway: Integers
    end: Integers
    status: Integers
    duration: Integers
    upstream: Integers
    received: Integers
    sent: Integers
    number: Integers
    client: Integers
    agent: Integers
    id: Strings

    def only(self, chosen: Booleans) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def draw(start: datetime, rate: float, seed: int = 7) -> Requests:
    """The requests of the stretch from `start` on, at `rate` a second over a day; always the same ones."""
    random = np.random.default_rng([seed, int(start.timestamp())])
    starts = int(start.timestamp()) + 60 * np.arange(STRETCH // timedelta(minutes=1))
    time, kind = _ask(random, starts, rate)
    size = time.size
    minute = (time // 1_000_000 - starts[0]) // 60
    gateway = random.choice(len(GATEWAY_SHARES), size, p=list(GATEWAY_SHARES.values()))
    # The mesh is no gateway, and only Envoy logs what no API takes.
    gateway = np.where(
        _IN_MESH[kind], BY_MESH, np.where(np.array([k.api == "" for k in ALL_KINDS])[kind], BY_ENVOY, gateway)
    )
    is_blocked = ((gateway == BY_FLEX) | (gateway == BY_MULE)) & (random.random(size) < BLOCKED_SHARE)
    kind = np.where(is_blocked, BLOCKED, kind)
    end = _ends(random, time, kind, gateway)
    upstream, faulty, down = _answers(random, starts, minute, kind)
    end = np.where((end == REACHED) & down, REFUSED, end)
    upstream = np.where(end == REACHED, upstream, 0)
    own = np.where(end == REACHED, _PROXY_US[gateway], _LOCAL_REPLY_US[gateway]) * random.lognormal(0, 0.3, size)
    post = np.array([each.method == "POST" for each in ALL_KINDS])[kind]
    answered = (end == REACHED) | (end == FROM_CACHE)
    return Requests(
        time=time,
        kind=kind,
        gateway=gateway,
        end=end,
        status=_statuses(kind, end, faulty),
        duration=upstream + own.astype(np.int64),
        upstream=upstream,
        received=np.where(post, random.integers(50, 901, size), 0),
        sent=np.where(answered, random.integers(80, 4001, size), _LOCAL_REPLY_BYTES),
        number=random.integers(1000, 100_000, size),
        client=random.integers(1, 255, size),
        agent=random.integers(0, len(USER_AGENTS), size),
        id=_ids(random, size),
    )


def _ask(random: np.random.Generator, starts: Integers, rate: float) -> tuple[Integers, Integers]:
    """The times of requests, in order, and their kinds: the usual ones of each minute, and those of bursts."""
    counts = random.poisson([rate * 60 * daily_shape(at + 30) for at in starts.tolist()])
    usual = np.repeat(starts, counts) * 1_000_000 + random.integers(0, 60_000_000, int(counts.sum()))
    kinds = random.choice(len(ALL_KINDS), usual.size, p=_shares())
    seconds = np.arange(starts[0], starts[-1] + 60)
    bursting = seconds[[BURST.goes_on(at) for at in seconds.tolist()]]
    counts = random.poisson(rate * BURST.share, bursting.size)
    more = np.repeat(bursting, counts) * 1_000_000 + random.integers(0, 1_000_000, int(counts.sum()))
    time = np.concatenate([usual, more])
    order = np.argsort(time, kind="stable")
    return time[order], np.concatenate([kinds, np.full(more.size, _BURSTING)])[order]


def _shares() -> list[float]:
    outside, inside = (sum(kind.weight for kind in kinds) for kinds in (KINDS, MESH_KINDS))
    return [
        *((1 - MESH_SHARE) * kind.weight / outside for kind in KINDS),
        *(MESH_SHARE * kind.weight / inside for kind in MESH_KINDS),
        0.0,
    ]


def _ends(random: np.random.Generator, time: Integers, kind: Integers, gateway: Integers) -> Integers:
    """By whom requests would be answered if all upstreams listened that ever do."""
    reaching = np.array([each.details == VIA_UPSTREAM for each in ALL_KINDS])[kind]
    refused = np.array([each.flags == "UF" for each in ALL_KINDS])[kind]
    end = np.select([reaching | _passed(random, time, kind, gateway), refused], [REACHED, REFUSED], LOCAL)
    return np.where(_CACHED[kind] & (random.random(kind.size) < _CACHED_SHARE), FROM_CACHE, end)


def _passed(random: np.random.Generator, time: Integers, kind: Integers, gateway: Integers) -> Booleans:
    """Which requests a rate limit lets through: the first few of each minute at each listener."""
    limited = np.flatnonzero(_LIMITED[kind])
    passed = np.zeros(kind.size, dtype=np.bool_)
    seen: Counter[tuple[int, int, int]] = Counter()
    for index in limited.tolist():
        through = int(gateway[index])
        bucket = (int(time[index]) // 60_000_000, through, int(random.integers(_LISTENERS[through])))
        seen[bucket] += 1
        passed[index] = seen[bucket] <= EXPORTS_PER_MINUTE
    return passed


def _answers(
    random: np.random.Generator, starts: Integers, minute: Integers, kind: Integers
) -> tuple[Integers, Booleans, Booleans]:
    """What each request's upstream would take, whether it would fail, and whether it is down, in that minute."""
    conditions = np.array([[condition(upstream, at) for upstream in _BEHIND] for at in starts.tolist()])
    latency_ms, fault_rate = conditions[minute, kind].T
    spread = np.array([upstream.spread for upstream in _BEHIND])[kind]
    took = latency_ms * 1000 * np.exp(spread * random.standard_normal(kind.size))
    down = np.array([[is_down(upstream.cluster, at) for upstream in _BEHIND] for at in starts.tolist()])
    return took.astype(np.int64), random.random(kind.size) < fault_rate, down[minute, kind]


def _statuses(kind: Integers, end: Integers, faulty: Booleans) -> Integers:
    """As the model has it, but 200 for what a rate limit let through, 500 for an upstream's fault, 503 without one."""
    status = np.array([each.status for each in ALL_KINDS])[kind]
    reached = end == REACHED
    return np.select([end == REFUSED, reached & faulty, reached & _LIMITED[kind]], [503, 500, 200], status)


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
