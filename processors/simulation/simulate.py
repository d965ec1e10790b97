"""Replays recorded requests against a policy, in one statement."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.query.conditions import Parameters
from processors.query.filters import Filter
from processors.query.selection import passing, within
from processors.query.views import without_views
from processors.simulation.caveats import caveats
from processors.simulation.outcome import Counter, Outcome, Step
from processors.simulation.policies import (
    Algorithm,
    AnyPolicy,
    IpList,
    Key,
    Limiting,
    RateLimit,
    ResponseCache,
    Scope,
    SpikeControl,
)
from processors.time.steps import step_of
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

_MICROSECOND = timedelta(microseconds=1)
_SLOTS = 64
_MOST_COUNTERS = 50
_MOST_ROWS = 20_000
# Which of (key, step, peak) a row lacks, a bit each.
_BY_KEY, _BY_STEP, _BY_PEAK, _ALL = 0b011, 0b101, 0b110, 0b111

_KEYS = {
    Key.CONSUMER: "seen.consumer",
    Key.CLIENT_ADDRESS: "seen.client_address",
    Key.API: "seen.api",
    Key.ALL: "''",
}


def simulate(store: Store, policy: AnyPolicy, window: Window, filters: Sequence[Filter] = ()) -> Outcome:
    """What the policy would have done to the requests of the window. Raises StoreError."""
    step = step_of(window)
    parameters: Parameters = {"by_peak": _BY_PEAK, "most_rows": _MOST_ROWS}
    places = {"where": f"{within(window)} AND {passing(filters, parameters)}", **_steps(step)}
    judged = _filled(_judged(policy, parameters), places)
    sql = _filled(load("processors.simulation", "outcome"), {"judged": judged})
    found = store.rows(without_views(store, sql), parameters)
    by_set: dict[int, list[Sequence[Any]]] = {_BY_KEY: [], _BY_STEP: [], _BY_PEAK: [], _ALL: []}
    for row in found:
        by_set[row[3]].append(row)
    requests, stopped, delayed, saved_us = by_set[_ALL][0][4:8] if by_set[_ALL] else (0, 0, 0, 0)
    counters = [_counter(row) for row in by_set[_BY_KEY]]
    is_timed = not isinstance(policy, ResponseCache)
    return Outcome(
        policy,
        window,
        requests,
        stopped,
        delayed,
        saved_us / 1e6,
        tuple(counters[:_MOST_COUNTERS]),
        sum(counter.stopped + counter.delayed > 0 for counter in counters),
        tuple(sorted((_step(row) for row in by_set[_BY_STEP]), key=lambda step: step.time)) if is_timed else (),
        {row[2]: row[4] for row in by_set[_BY_PEAK]} if isinstance(policy, Limiting) else {},
        caveats(policy, requests, counters),
    )


def _judged(policy: AnyPolicy, parameters: Parameters) -> str:
    """The statement that judges requests; what people wrote goes into the parameters."""
    match policy:
        case RateLimit(algorithm=Algorithm.SLIDING):
            return _filled(_text("sliding"), {"counted": _counted(policy, parameters)})
        case RateLimit():
            return _filled(_text("fixed"), {"counted": _counted(policy, parameters)})
        case SpikeControl():
            return _spike(policy, _counted(policy, parameters))
        case IpList():
            parameters |= {"allow": list(policy.allow), "block": list(policy.block)}
            return _text("ip_list")
        case ResponseCache():
            ttl = policy.ttl // _MICROSECOND
            parameters |= {"ttl_us": ttl, "slot_us": ttl // _SLOTS}
            return _text("cache")


def _counted(policy: Limiting, parameters: Parameters) -> str:
    # transform() takes no empty arrays. No consumer has this name: the collector leaves control characters out.
    of_tiers = [(consumer, tier.limit) for tier in policy.tiers for consumer in tier.consumers] or [("\x01", 0)]
    parameters |= {
        "tier_consumers": [consumer for consumer, _ in of_tiers],
        "tier_limits": [limit for _, limit in of_tiers],
        "limit": policy.limit,
        "per_us": policy.per // _MICROSECOND,
    }
    part = "(toString(seen.gateway), toString(seen.instance))" if policy.scope is Scope.INSTANCE else "0"
    return _filled(_text("counted"), {"key": _KEYS[policy.key], "part": part})


def _spike(policy: SpikeControl, counted: str) -> str:
    layers = _filled(_text("spike_first"), {"counted": counted})
    for attempt in range(1, policy.attempts + 1):
        # What is over the limit comes late in its window: after any delay it is in a later one.
        later = str(math.ceil(attempt * policy.delay / policy.per))
        layers = _filled(_text("spike_attempt"), {"inner": layers, "later": later})
    return _filled(_text("spike"), {"attempts": layers})


def _steps(step: timedelta) -> dict[str, str]:
    seconds = int(step.total_seconds())

    def start(of_seconds: str) -> str:
        return f"toDateTime(intDiv({of_seconds}, {seconds}) * {seconds}, 'UTC')"

    return {
        "step_of_window": start("intDiv(window * {per_us:Int64}, 1000000)"),
        "step_of_time": start("intDiv(at, 1000000)"),
        "step_of_request": start("toUnixTimestamp(seen.time)"),
    }


def _counter(row: Sequence[Any]) -> Counter:
    key, _, _, _, requests, stopped, delayed, _, highest, first, last = row
    times = (_utc(first), _utc(last)) if stopped else (None, None)
    return Counter(key, requests, stopped, delayed, highest, *times)


def _step(row: Sequence[Any]) -> Step:
    return Step(_utc(row[1]), *row[4:7])


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _text(name: str) -> str:
    return load("processors.simulation", name)


def _filled(text: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", value)
    return text
