"""An API of which some durations are not known: everywhere it is as fast as its other requests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from processors.alerts.evaluate import evaluate
from processors.alerts.rules import Rule
from processors.reports.usage import LATENCIES, usage
from processors.traffic.apis import apis
from processors.traffic.breakdowns import consumers, routes
from processors.traffic.filters import Filters
from processors.traffic.gateways import gateways
from processors.traffic.heatmap import heatmap
from processors.traffic.series import series
from processors.traffic.totals import totals
from processors.usage_source import usage_source
from processors.window import MINUTE, Window, floor
from storage.store import Store
from tests.collector.access_logs import json_line

_KNOWN_MS = (0, 0, 0, 40, 40, 300, 700, 700, 900, 3000)
_UNKNOWN = ("-", "", None)
_LATENCIES = ["p50_ms", "p95_ms", "p99_ms"]

_NOW = floor(datetime.now(UTC), MINUTE)
_WINDOW = Window(_NOW - 5 * MINUTE, _NOW)


@pytest.fixture(scope="module", autouse=True)
def _traffic(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same requests of known durations in two environments, beside others in one of them and alone in a third."""
    known = b"".join(_line(duration) for duration in _KNOWN_MS)
    unknown = b"".join(_line(duration) for duration in _UNKNOWN)
    for environment, lines in (("told", known), ("half-told", known + unknown), ("untold", unknown)):
        _load(store, tmp_path_factory.mktemp("segments") / "segment.ready", environment, lines)


def _line(duration: int | str | None) -> bytes:
    started = f"{_NOW - 2 * MINUTE:%Y-%m-%dT%H:%M:%SZ}"
    return json_line("r", start_time=started, consumer="web", duration=duration, upstream_service_time=0)


def _load(store: Store, file: Path, environment: str, lines: bytes) -> None:
    known = FORMATS["envoy_json"]
    received_at_us = int((_NOW - MINUTE).timestamp() * 1_000_000)
    file.write_bytes(encode(Payload(known.name, lines, received_at_us, environment)))
    of = transform(known, f"durations-{environment}", file, TransformConfig())
    store.load(of.statement, of.table, of.columns, f"durations-{environment}", of.schema)


def test_what_is_not_told_is_not_0(store: Store) -> None:
    found = store.rows(
        "SELECT environment, countIf(duration_us = 0), countIf(duration_us IS NULL), count() FROM usage_requests"
        " WHERE segment_id LIKE 'durations-%' GROUP BY environment ORDER BY environment"
    )
    assert found == [("half-told", 3, 3, 13), ("told", 3, 0, 10), ("untold", 0, 3, 3)]


def test_totals(store: Store) -> None:
    found, _ = totals(store, _WINDOW, Filters("half-told"), _NOW)
    alone, _ = totals(store, _WINDOW, Filters("told"), _NOW)
    assert (found.requests, alone.requests) == (13, 10)
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (alone.p50_ms, alone.p95_ms, alone.p99_ms)
    assert found.p50_ms == pytest.approx(40, rel=0.011)
    # Within 500 ms six, and three more within two seconds.
    assert found.apdex == alone.apdex == 0.75
    nothing, _ = totals(store, _WINDOW, Filters("untold"), _NOW)
    assert (nothing.requests, nothing.p50_ms, nothing.apdex) == (3, None, None)


def test_requests_of_less_than_a_tick_have_a_latency(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path / "segment.ready", "tickless", _line(0) * 4)
    found, _ = totals(store, _WINDOW, Filters("tickless"), _NOW)
    assert found.p99_ms == pytest.approx(0.001, rel=0.011)
    assert found.apdex == 1
    assert heatmap(store, _WINDOW, Filters("tickless"), _NOW).to_numpy().sum() == 4


Ask = Callable[[Store, Filters], pd.DataFrame]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store, filters: series(store, _WINDOW, filters, _NOW, step=timedelta(hours=1)).assign(name="all"),
        lambda store, filters: apis(store, _WINDOW, filters, _NOW).set_index("api", drop=False),
        lambda store, filters: gateways(store, _WINDOW, filters, _NOW),
        lambda store, filters: routes(store, _WINDOW, filters),
        lambda store, filters: consumers(store, _WINDOW, filters),
        lambda store, filters: usage(store, _WINDOW.start, _WINDOW.end, ["api"], filters),
        lambda store, filters: usage(store, _WINDOW.start, _WINDOW.end, ["consumer"], filters),
    ],
    ids=["series", "apis", "gateways", "routes", "consumers", "report of roll-ups", "report of requests"],
)
def test_tables(store: Store, ask: Ask) -> None:
    found, alone, nothing = (ask(store, Filters(environment)) for environment in ("half-told", "told", "untold"))
    told = [name for name in {*_LATENCIES, *LATENCIES, "apdex", "upstream_ms", "gateway_ms"} if name in found]
    assert "p95_ms" in told
    assert (found["requests"].sum(), alone["requests"].sum(), nothing["requests"].sum()) == (13, 10, 3)
    pd.testing.assert_frame_equal(found[told].dropna(how="all"), alone[told].dropna(how="all"))
    assert len(found[told].dropna()) == 1
    assert nothing[told].isna().all(axis=None)


def test_single_requests_add_up_to_the_roll_ups(store: Store) -> None:
    measured = (
        "sum(seen.requests), sum(seen.duration_us), max(seen.duration_max_us), sum(seen.upstream_requests),"
        " sum(seen.upstream_duration_us), sum(seen.upstream_us), sumMap(seen.latency)"
    )
    rolled_up, single = (
        store.rows(f"SELECT {measured} FROM {usage_source(_WINDOW, named)} AS seen WHERE environment = 'half-told'")
        for named in ((), ("consumer",))
    )
    assert rolled_up == single
    requests, duration_us, longest_us, *upstream, latency = rolled_up[0]
    assert (requests, duration_us, longest_us) == (13, 1000 * sum(_KNOWN_MS), 1000 * max(_KNOWN_MS))
    assert upstream == [10, 1000 * sum(_KNOWN_MS), 0]
    assert sum(latency.values()) == 10


def test_heatmap(store: Store) -> None:
    found, alone = (heatmap(store, _WINDOW, Filters(environment), _NOW) for environment in ("half-told", "told"))
    pd.testing.assert_frame_equal(found, alone)
    assert found.to_numpy().sum() == len(_KNOWN_MS)
    assert heatmap(store, _WINDOW, Filters("untold"), _NOW).empty


@pytest.mark.parametrize("measure", [*_LATENCIES, "apdex", "gateway_ms"])
def test_alerts(store: Store, measure: str) -> None:
    def samples(environment: str) -> list[float]:
        rule = Rule.model_validate(
            {
                "name": "r", "measure": measure, "window": "5m", "op": ">", "threshold": 0, "receiver": "on-call",
                "filters": {"environment": environment},
            }
        )  # fmt: skip
        return [sample.value for sample in evaluate(store, rule, _NOW + timedelta(seconds=40))]

    assert len(samples("told")) == 1
    assert samples("half-told") == samples("told")
    assert samples("untold") == []
