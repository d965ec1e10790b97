"""The drawn past: the same for the same minutes, in order, and with the model's story in it."""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Any

from gatelens.demo.gateways import access_logs
from gatelens.demo.model import EXPORTS_PER_MINUTE
from gatelens.demo.past.log_lines import lines
from gatelens.demo.past.past import draw

QUIET = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
# Within a slow release of orders v1.
SLOW = datetime(2026, 5, 4, 10, 20, tzinfo=UTC)
RATE = 20.0


def test_the_same_minutes_are_the_same_lines() -> None:
    assert lines(draw(QUIET, RATE)) == lines(draw(QUIET, RATE))
    assert lines(draw(QUIET, RATE)) != lines(draw(SLOW, RATE))


def test_lines_are_within_their_minutes_and_in_order_of_time() -> None:
    times = [record["start_time"] for record in _records(QUIET)]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= "2026-05-04T12:00:00.000000Z"
    assert times[-1] <= "2026-05-04T12:10:00.000000Z"


def test_a_line_has_the_names_of_the_demos_json_log_and_its_gateway() -> None:
    names = access_logs.json_log("access.log")["typed_config"]["log_format"]["json_format"].keys()
    for record in _records(QUIET):
        assert record.keys() == {*names, "gateway", "instance"}


def test_the_rate_follows_the_day() -> None:
    night = draw(datetime(2026, 5, 4, 1, 30, tzinfo=UTC), RATE)
    noon = draw(datetime(2026, 5, 4, 13, 30, tzinfo=UTC), RATE)
    assert 600 * RATE * 0.3 < night.time.size < 600 * RATE * 0.4
    assert 600 * RATE * 1.55 < noon.time.size < 600 * RATE * 1.75


def test_what_becomes_of_requests_is_stored_in_envoys_terms() -> None:
    seen = Counter(
        (record["upstream_cluster"], record["response_code"], record["response_flags"], record["consumer"])
        for record in _records(QUIET)
    )
    assert seen["catalog", 429, "RL", "partner-acme"] > 0
    assert seen["recommendations", 503, "UF", "web-shop"] > 0
    assert seen[None, 404, "NR", "web-shop"] > 0
    assert seen["orders-v2", 401, "-", None] > 0
    assert seen["shipping", 500, "-", "partner-acme"] > 0
    assert seen["orders-v1", 201, "-", "web-shop"] > seen["orders-v1", 500, "-", "web-shop"] > 0


def test_the_rate_limit_lets_the_first_of_each_minute_through() -> None:
    exports = [record for record in _records(QUIET) if record["path"] == "/catalog/export"]
    passed = Counter(record["start_time"][:16] for record in exports if record["response_code"] == 200)
    refused = [record for record in exports if record["response_code"] == 429]
    assert passed and refused
    assert max(passed.values()) <= 2 * EXPORTS_PER_MINUTE
    assert all(record["upstream_us"] is None for record in refused)


def test_a_mesh_request_is_reported_by_both_sidecars() -> None:
    pairs: dict[str, list[dict[str, Any]]] = {}
    for record in _records(QUIET):
        if record["gateway"] in ("checkout.shop", "inventory.shop"):
            pairs.setdefault(record["request_id"], []).append(record)
    answered = [pair for pair in pairs.values() if pair[0]["response_flags"] == "-"]
    assert answered
    for source, destination in answered:
        assert (source["gateway"], destination["gateway"]) == ("checkout.shop", "inventory.shop")
        assert source["response_code"] == destination["response_code"]
        assert source["duration_us"] > source["upstream_us"] > destination["duration_us"]
    assert all(len(pair) == 1 for pair in pairs.values() if pair[0]["response_flags"] == "UF")


def test_a_release_of_orders_v1_is_slow() -> None:
    assert _median_of_orders_v1(SLOW) > 2.5 * _median_of_orders_v1(QUIET)


def _records(start: datetime) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(draw(start, RATE))]


def _median_of_orders_v1(start: datetime) -> float:
    durations: list[int] = [
        record["duration_us"] for record in _records(start) if record["upstream_cluster"] == "orders-v1"
    ]
    return median(durations)
