"""Single requests, logs and traces, found by what they hold."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pandas as pd
import pytest

from processors.errors import InvalidQuestion
from processors.explorer.logs import LogSearch, find_logs, log_counts, log_sources
from processors.explorer.requests import find_request, find_requests
from processors.explorer.traces import TraceSearch, find_traces, trace_spans
from processors.query.filters import Filter, parse_filter
from processors.time.window import Window
from storage.store import Store

_START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(hours=1))
_HERE = Filter("environment", values=("explorer",))


def _at(seconds: float) -> datetime:
    return _START + timedelta(seconds=seconds)


@pytest.fixture(scope="module", autouse=True)
def filled(store: Store) -> None:
    store.insert(
        "requests",
        (
            "time", "environment", "gateway", "reporter", "api", "path", "status", "consumer", "client_address",
            "duration_us", "request_id", "trace_id", "attributes",
        ),
        [
            (_at(1), "explorer", "edge", "gateway", "orders", "/orders/1", 200, "web", "10.0.0.1", 5_000, "r-1", "t-1",
             {}),
            (_at(2), "explorer", "edge", "gateway", "orders", "/orders/2", 503, "mobile", "10.0.0.2", 90_000, "r-2", "",
             {"why": "it's \"down\""}),
            (_at(3), "explorer", "edge", "gateway", "stock", "/stock/%2F", 404, "", "10.1.0.2", None, "", "", {}),
            # As its client's sidecar tells it: counted once, by the other one.
            (_at(4), "explorer", "a.shop", "source", "b.shop", "/b", 200, "", "", 4_000, "r-4", "t-1", {}),
            (_at(4), "explorer", "b.shop", "destination", "b.shop", "/b", 200, "", "", 3_000, "r-4", "t-1", {}),
        ],
    )  # fmt: skip
    store.insert(
        "logs",
        ("time", "environment", "gateway", "instance", "severity", "body", "trace_id"),
        [
            (_at(5), "explorer", "edge", "edge-0", "ERROR", "upstream Refused it", "t-1"),
            (_at(6), "explorer", "edge", "edge-0", "INFO", "all is well", ""),
            (_at(70), "explorer", "mule", "m-1", "ERROR", "down", ""),
        ],
    )
    store.insert(
        "spans",
        ("time", "environment", "trace_id", "span_id", "parent_span_id", "service", "name", "status", "duration_us"),
        [
            (_at(10), "explorer", "t-1", "a", "", "shop", "GET /cart", "", 50_000),
            (_at(10.02), "explorer", "t-1", "c", "b", "stock", "SELECT", "error", 10_000),
            (_at(10.01), "explorer", "t-1", "b", "a", "stock", "GET /stock", "", 30_000),
            (_at(10.001), "explorer", "t-1", "d", "a", "shop", "render", "", 1_000),
            (_at(20), "explorer", "t-2", "x", "lost", "shop", "GET /late", "", 5_000),
            # Two that call each other.
            (_at(30), "explorer", "t-3", "p", "q", "shop", "p", "", 1_000),
            (_at(31), "explorer", "t-3", "q", "p", "shop", "q", "", 1_000),
        ],
    )


def _paths(store: Store, *filters: str, text: str = "", order: str = "-time") -> list[str]:
    chosen = (_HERE, *map(parse_filter, filters))
    found = find_requests(store, _WINDOW, chosen, text=text, order=order)
    return [] if found.empty else list(found["path"])


def test_requests_come_once_and_the_newest_first(store: Store) -> None:
    assert _paths(store) == ["/b", "/stock/%2F", "/orders/2", "/orders/1"]
    assert _paths(store, "status=400..599") == ["/stock/%2F", "/orders/2"]
    assert _paths(store, "api=orders", order="-duration_ms") == ["/orders/2", "/orders/1"]
    # What took nobody knows how long is last either way.
    assert _paths(store, "api!=b.shop", order="duration_ms")[-1] == "/stock/%2F"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("r-2", ["/orders/2"]),
        ("t-1", ["/b", "/orders/1"]),
        ("ORDERS/", ["/orders/2", "/orders/1"]),
        ("mob", ["/orders/2"]),
        ("10.1.", ["/stock/%2F"]),
        ("%", ["/stock/%2F"]),
        ("' OR 1 --", []),
    ],
)
def test_text_finds_ids_and_parts(store: Store, text: str, paths: list[str]) -> None:
    assert _paths(store, text=text) == paths


def test_a_request_is_found_again_by_its_key(store: Store) -> None:
    found = find_requests(store, _WINDOW, (_HERE,))
    assert found["key"].is_unique
    for _, row in found.iterrows():
        again = find_request(store, row["key"])
        assert again is not None
        assert (again["path"], again["time"]) == (row["path"], row["time"])
    again = find_request(store, next(found[found["path"] == "/orders/2"]["key"].items())[1])
    assert again is not None
    assert dict(again["attributes"]) == {"why": 'it\'s "down"'}
    assert find_request(store, "1700000000000000-AB") is None


@pytest.mark.parametrize("key", ["", "r-1", "1700000000000000-", "1700000000000000-zz", "99999999999999999999-AB"])
def test_what_is_no_key_is_reported(store: Store, key: str) -> None:
    with pytest.raises(InvalidQuestion, match="no key"):
        find_request(store, key)


def test_what_cannot_be_asked_is_reported(store: Store) -> None:
    with pytest.raises(InvalidQuestion, match="duration_ms"):
        find_requests(store, _WINDOW, (), order="-path")
    with pytest.raises(InvalidQuestion, match="1000"):
        find_requests(store, _WINDOW, (), limit=0)
    with pytest.raises(InvalidQuestion, match="FATAL"):
        LogSearch(_WINDOW, severities=("LOUD",))
    with pytest.raises(InvalidQuestion, match="spans"):
        find_traces(store, TraceSearch(_WINDOW), order="name")


def test_an_id_is_found_by_its_index_and_not_as_a_part(store: Store) -> None:
    request, unknown = "0af7651916cd43dd8448eb211c80319c", "5e1dbead-0000-4000-8000-5e1dbead0000"
    rows = [
        (_at(50), "explorer-ids", "edge", "gateway", "/has", request),
        (_at(51), "explorer-ids", "edge", "gateway", f"/copies/{request}", ""),
        (_at(52), "explorer-ids", "edge", "gateway", f"/part/{unknown}", ""),
    ]
    store.insert("requests", ("time", "environment", "gateway", "reporter", "path", "request_id"), rows)
    here = (Filter("environment", values=("explorer-ids",)),)
    assert list(find_requests(store, _WINDOW, here, text=request)["path"]) == ["/has"]
    assert list(find_requests(store, _WINDOW, here, text=unknown)["path"]) == [f"/part/{unknown}"]


def test_logs_by_text_severity_and_gateway(store: Store) -> None:
    search = LogSearch(_WINDOW, (_HERE,))
    assert list(find_logs(store, search)["body"]) == ["down", "all is well", "upstream Refused it"]
    assert list(find_logs(store, LogSearch(_WINDOW, (_HERE,), ("ERROR",), "refused"))["body"]) == [
        "upstream Refused it"
    ]
    assert list(find_logs(store, LogSearch(_WINDOW, (_HERE,), text="t-1"))["body"]) == ["upstream Refused it"]
    # Logs have no API: the filter does not empty the page.
    narrowed = LogSearch(_WINDOW, (_HERE, parse_filter("gateway=mule"), parse_filter("api=orders")))
    assert list(find_logs(store, narrowed)["body"]) == ["down"]
    counts = log_counts(store, search, timedelta(minutes=1))
    assert [
        (time.minute, severity, records)
        for time, severity, records in zip(counts["time"], counts["severity"], counts["records"], strict=True)
    ] == [
        (0, "ERROR", 1), (0, "INFO", 1), (1, "ERROR", 1)
    ]  # fmt: skip
    sources = log_sources(store, search)
    assert set(zip(sources["gateway"], sources["environment"], strict=True)) == {
        ("edge", *_HERE.values), ("mule", *_HERE.values)
    }  # fmt: skip


def test_traces_tell_their_root_and_their_faults(store: Store) -> None:
    found = find_traces(store, TraceSearch(_WINDOW, (_HERE,)), order="time")
    assert list(found["trace_id"]) == ["t-1", "t-2", "t-3"]
    first = found.iloc[0]
    assert (first["name"], first["spans"], first["errors"], list(first["services"])) == (
        "GET /cart", 4, 1, ["shop", "stock"]
    )  # fmt: skip
    assert first["duration_ms"] == pytest.approx(50)

    def ids(**search: object) -> list[str]:
        traces = find_traces(store, TraceSearch(_WINDOW, (_HERE,), **search))  # type: ignore[arg-type]
        return [] if traces.empty else list(traces["trace_id"])

    assert ids(service="stock") == ids(with_errors=True) == ["t-1"]
    assert ids(at_least=timedelta(milliseconds=20)) == ["t-3", "t-1"]
    assert ids(text="late") == ids(text="t-2") == ["t-2"]


def test_spans_stand_below_their_callers(store: Store) -> None:
    spans = trace_spans(store, "t-1", _WINDOW)
    assert list(zip(spans["span_id"], spans["depth"], strict=True)) == [("a", 0), ("d", 1), ("b", 1), ("c", 2)]
    assert list(trace_spans(store, "t-2", _WINDOW)["depth"]) == [0]
    assert sorted(trace_spans(store, "t-3", _WINDOW)["span_id"]) == ["p", "q"]
    assert trace_spans(store, "none", _WINDOW).empty


def test_only_the_hours_of_the_window_are_read(store: Store) -> None:
    """By the hour in the order key, which a view hides, and of the requests that are not listed little more than it."""
    read: list[str] = []

    class Watched:
        view_definitions = store.view_definitions

        def frame(self, sql: str, parameters: Mapping[str, object]) -> pd.DataFrame:
            read.extend(line for (line,) in store.rows(f"EXPLAIN indexes = 1 {sql}", parameters))
            return store.frame(sql, parameters)

    find_requests(cast(Store, Watched()), _WINDOW, (_HERE,))
    assert any("toStartOfHour(time) in" in line for line in read)
    assert any("Lazily read columns" in line for line in read)
