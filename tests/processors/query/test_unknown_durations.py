"""An API of which some durations are not known: everywhere it is as fast as its other requests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from processors.query.filters import Filter
from processors.query.heatmap import HISTOGRAM, heatmap
from processors.query.question import Question
from processors.query.questions import Questions
from processors.reports.usage import LATENCIES, usage
from processors.time.window import HOUR, MINUTE, Window, floor
from storage.store import Store
from tests.collector.rigs.access_logs import json_line

_KNOWN_MS = (0, 0, 0, 40, 40, 300, 700, 700, 900, 3000)
_UNKNOWN = ("-", "", None)

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


def test_what_is_unknown_is_not_0(store: Store) -> None:
    found = store.rows(
        "SELECT environment, countIf(duration_us = 0), countIf(duration_us IS NULL), count() FROM usage_requests"
        " WHERE segment_id LIKE 'durations-%' GROUP BY environment ORDER BY environment"
    )
    assert found == [("half-told", 3, 3, 13), ("told", 3, 0, 10), ("untold", 0, 3, 3)]


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    asked = Questions(store, lambda: _NOW)
    yield asked
    asked.close()


def _question(environment: str, *measures: str, **changes: Any) -> Question:
    return Question(measures, _WINDOW, filters=(Filter("environment", values=(environment,)),)).but(**changes)


def test_totals(questions: Questions) -> None:
    names = ("requests", "p50", "p95", "p99", "apdex")
    found, alone, nothing = (
        questions.ask(_question(environment, *names)).frame.iloc[0] for environment in ("half-told", "told", "untold")
    )
    assert (found["requests"], alone["requests"], nothing["requests"]) == (13, 10, 3)
    assert found[["p50", "p95", "p99", "apdex"]].equals(alone[["p50", "p95", "p99", "apdex"]])
    assert found["p50"] == pytest.approx(40, rel=0.011)
    # Within 500 ms six, and three more within two seconds.
    assert found["apdex"] == 0.75
    assert nothing[["p50", "p95", "p99", "apdex"]].isna().all()


def test_requests_of_less_than_a_tick_have_a_latency(store: Store, questions: Questions, tmp_path: Path) -> None:
    _load(store, tmp_path / "segment.ready", "tickless", _line(0) * 4)
    found = questions.ask(_question("tickless", "p99", "apdex", HISTOGRAM, step=HOUR))
    assert found.frame["p99"][0] == pytest.approx(0.001, rel=0.011)
    assert found.frame["apdex"][0] == 1
    assert heatmap(found, _NOW).to_numpy().sum() == 4


@pytest.mark.parametrize("by", [(), ("api",), ("route", "method"), ("consumer",), ("upstream",)], ids=str)
def test_measures(questions: Questions, by: tuple[str, ...]) -> None:
    told = ["p50", "p95", "p99", "mean", "max", "upstream_mean", "gateway_mean"]
    found, alone, nothing = (
        questions.ask(_question(environment, "requests", *told, dimensions=by)).frame
        for environment in ("half-told", "told", "untold")
    )
    assert (found["requests"].sum(), alone["requests"].sum(), nothing["requests"].sum()) == (13, 10, 3)
    pd.testing.assert_frame_equal(found[told], alone[told])
    assert not found[told].isna().any(axis=None)
    assert nothing[told].isna().all(axis=None)


@pytest.mark.parametrize("by", ["api", "consumer"])
def test_reports(questions: Questions, by: str) -> None:
    found, alone, nothing = (
        usage(questions, _WINDOW, [by], {"environment": environment}) for environment in ("half-told", "told", "untold")
    )
    assert (found["requests"].sum(), alone["requests"].sum(), nothing["requests"].sum()) == (13, 10, 3)
    pd.testing.assert_frame_equal(found[list(LATENCIES)], alone[list(LATENCIES)])
    assert nothing[list(LATENCIES)].isna().all(axis=None)


def test_heatmap(questions: Questions) -> None:
    found, alone, nothing = (
        heatmap(questions.ask(_question(environment, HISTOGRAM, step=MINUTE)), _NOW)
        for environment in ("half-told", "told", "untold")
    )
    pd.testing.assert_frame_equal(found, alone)
    assert found.to_numpy().sum() == len(_KNOWN_MS)
    assert nothing.empty
