"""Simulated policies against plain ones, request by request, on the same traffic."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from processors.query.filters import Filter
from processors.simulation.bursts import burst_percentile, least_limit
from processors.simulation.outcome import Outcome
from processors.simulation.policies import AnyPolicy
from processors.simulation.sentences import summary
from processors.simulation.simulate import simulate
from processors.time.window import Window
from storage.store import Store

_START = datetime(2026, 4, 3, 10, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(hours=1))
_ENVIRONMENT = "simulation"
_POLICY: TypeAdapter[AnyPolicy] = TypeAdapter(AnyPolicy)

# Seconds after the start, consumer, instance, address, path, status; `burst` sends 400 requests in 20 seconds.
_Request = tuple[float, str, str, str, str, int]


def _traffic() -> list[_Request]:
    chance = random.Random(5)
    found: list[_Request] = []
    for number in range(3000):
        consumer = chance.choice(["app", "web", "batch", ""])
        place = chance.choice(["a", "b"])
        path = f"/items/{int(chance.expovariate(0.5))}"
        status = 503 if number % 50 == 0 else 200
        address = chance.choice(["10.0.0.1", "10.1.0.1", "2001:db8::1", ""])
        found.append((round(chance.uniform(0, 3590), 6), consumer, place, address, path, status))
    found += [(round(1000 + number / 20, 6), "burst", "a", "10.9.0.1", "/items/7", 200) for number in range(400)]
    return sorted(found)


@pytest.fixture(scope="module")
def traffic(store: Store) -> list[_Request]:
    found = _traffic()
    columns = ("time", "environment", "reporter", "consumer", "instance", "client_address", "path", "status", "method")
    rows = [
        ((_START + timedelta(seconds=at)).isoformat(), _ENVIRONMENT, "gateway", *rest, "GET") for at, *rest in found
    ]
    store.insert("requests", columns, rows)
    store.command(
        "INSERT INTO requests (time, environment, reporter, status, upstream_us) "
        "VALUES ('2026-04-03 11:30:00', 'simulation', 'gateway', 200, 1)"
    )
    return found


def _simulated(store: Store, **policy: object) -> Outcome:
    filters = (Filter("environment", values=(_ENVIRONMENT,)),)
    return simulate(store, _POLICY.validate_python(policy), _WINDOW, filters)


def _by_counter(outcome: Outcome) -> dict[str, int]:
    return {counter.key: counter.stopped for counter in outcome.counters if counter.stopped}


def _over_fixed(
    traffic: list[_Request], limits: dict[str, int], default: int, *, per_instance: bool = False
) -> Counter[str]:
    seen: Counter[tuple[str, str, int]] = Counter()
    refused: Counter[str] = Counter()
    for at, consumer, instance, *_ in traffic:
        # The window begins at a whole minute, and so do those of the limit.
        window = (consumer, instance if per_instance else "", int(at // 60))
        seen[window] += 1
        if seen[window] > limits.get(consumer, default):
            refused[consumer] += 1
    return refused


def test_a_fixed_window(store: Store, traffic: list[_Request]) -> None:
    outcome = _simulated(store, kind="rate_limit", limit=15, per="1m")
    expected = _over_fixed(traffic, {}, 15)
    assert (outcome.requests, outcome.stopped) == (len(traffic), expected.total())
    assert _by_counter(outcome) == expected
    assert sum(step.stopped for step in outcome.steps) == expected.total()
    worst = outcome.counters[0]
    assert (worst.key, worst.highest) == ("burst", 400)
    assert worst.first == worst.last == _START + timedelta(minutes=16)
    assert "burst is hit most" in summary(outcome)
    assert "share one counter" in outcome.caveats[0]


def test_tiers_and_instances(store: Store, traffic: list[_Request]) -> None:
    tiers = [{"name": "gold", "limit": 380, "consumers": ["burst"]}, {"name": "none", "limit": 0, "consumers": ["app"]}]
    outcome = _simulated(store, kind="rate_limit", limit=12, per="1m", tiers=tiers, scope="instance")
    assert _by_counter(outcome) == _over_fixed(traffic, {"burst": 380, "app": 0}, 12, per_instance=True)


def test_a_sliding_window(store: Store, traffic: list[_Request]) -> None:
    outcome = _simulated(store, kind="rate_limit", limit=15, per="1m", algorithm="sliding")
    expected: Counter[str] = Counter()
    times: dict[str, list[float]] = defaultdict(list)
    for at, consumer, *_ in traffic:
        times[consumer].append(at)
        if sum(earlier > at - 60 for earlier in times[consumer]) > 15:
            expected[consumer] += 1
    assert _by_counter(outcome) == expected


def test_spikes_wait_for_the_next_window(store: Store, traffic: list[_Request]) -> None:
    outcome = _simulated(store, kind="spike_control", limit=12, per="1s", delay="1s", attempts=1)
    came = Counter(int(at) for at, *_ in traffic)
    over = {second: max(0, count - 12) for second, count in came.items()}
    waiting = {second: min(left, max(0, 12 - came[second + 1])) for second, left in over.items()}
    assert outcome.delayed == sum(waiting.values()) > 0
    assert outcome.stopped == sum(over.values()) - outcome.delayed > 0
    without = _simulated(store, kind="spike_control", limit=12, per="1s", attempts=0)
    assert (without.delayed, without.stopped) == (0, sum(over.values()))
    longer = _simulated(store, kind="spike_control", limit=12, per="1s", attempts=10)
    assert 0 <= longer.stopped < outcome.stopped


def test_an_ip_list(store: Store, traffic: list[_Request]) -> None:
    outcome = _simulated(store, kind="ip_list", allow=["10.0.0.0/8"], block=["10.9.0.0/16"])
    came = Counter(address for _, _, _, address, *_ in traffic)
    assert _by_counter(outcome) == {name: came[name] for name in ("10.9.0.1", "2001:db8::1", "")}


def test_a_response_cache(store: Store, traffic: list[_Request]) -> None:
    outcome = _simulated(store, kind="response_cache", ttl="5m")
    hits: Counter[str] = Counter()
    kept: dict[str, float] = {}
    for at, _, _, _, path, status in traffic:
        if status != 200:
            continue
        if at < kept.get(path, 0):
            hits[path] += 1
        else:
            kept[path] = at + 300
    assert outcome.requests == len(traffic)
    assert outcome.stopped == pytest.approx(hits.total(), rel=0.01)
    assert outcome.counters[0].key == f"GET {hits.most_common(1)[0][0]}"
    assert any("Query strings" in caveat for caveat in outcome.caveats)


@pytest.mark.parametrize("algorithm", ["fixed", "sliding"])
def test_the_advised_limit_refuses_just_so_few(store: Store, traffic: list[_Request], algorithm: str) -> None:
    bursts = _simulated(store, kind="rate_limit", limit=1, per="1m", algorithm=algorithm).bursts
    assert sum(bursts.values()) == len(traffic)
    limit = least_limit(bursts, 0.05, sliding=algorithm == "sliding")
    at_limit = _simulated(store, kind="rate_limit", limit=limit, per="1m", algorithm=algorithm)
    below = _simulated(store, kind="rate_limit", limit=limit - 1, per="1m", algorithm=algorithm)
    assert at_limit.share <= 0.05 < below.share
    assert burst_percentile(bursts, 1) == 400


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"kind": "rate_limit", "limit": 1, "per": "0s"}, "a second or longer"),
        ({"kind": "ip_list"}, "needs `allow` or `block`"),
        ({"kind": "ip_list", "block": ["nowhere"]}, "nowhere"),
        ({"kind": "rate_limit", "limit": 1, "key": "api", "tiers": [{"name": "g", "limit": 1, "consumers": ["a"]}]},
         "tiers are of consumers"),
    ],
)  # fmt: skip
def test_policies_that_cannot_be(policy: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        _POLICY.validate_python(policy)


def test_no_traffic(store: Store) -> None:
    filters = (Filter("environment", values=("simulation-nowhere",)),)
    for policy in (
        {"kind": "rate_limit", "limit": 1},
        {"kind": "response_cache"},
        {"kind": "spike_control", "limit": 1},
    ):
        outcome = simulate(store, _POLICY.validate_python(policy), _WINDOW, filters)
        assert (outcome.requests, outcome.counters) == (0, ())
        assert "no requests" in summary(outcome)
