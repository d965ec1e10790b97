"""A question from each table that can answer it, and from plain SQL over single requests: the same figures."""

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pandas as pd
import pytest

from processors.query.filters import Filter, Operator, parse_filter
from processors.query.measures import MEASURES
from processors.query.planner import missing, plan
from processors.query.question import Question
from processors.query.questions import Questions
from processors.query.statement import statement
from processors.query.tables import TABLES, Table
from processors.rollups.coverage import RollupCoverage
from processors.time.window import DAY, HOUR, Window, ceil, floor
from storage.store import Store
from tests.processors.query.traffic_rows import START, fill, whole
from tests.processors.rollups.rollup_rows import make_rollups

_SPAN = timedelta(hours=31)
_ENVIRONMENT = "question_tables"
_IN = parse_filter(f"environment={_ENVIRONMENT}")
_NOW = START + timedelta(days=2)
_HELD_BY_ALL = (
    "requests", "rate", "errors", "error_rate", "client_errors", "success_rate", "status_3xx", "fault_backend",
    "fault_policy_rate", "p50", "p95", "p999", "mean", "max", "upstream_mean", "gateway_mean", "request_bytes",
    "response_bytes",
)  # fmt: skip
_OF_CONSUMERS = ("requests", "error_rate", "fault_policy", "mean", "max", "response_bytes", "policy_violations", "p95")
_HAS_POLICY = Filter("policy", Operator.PRESENT)


@pytest.fixture(scope="module")
def requests(store: Store) -> Iterator[pd.DataFrame]:
    rows = fill(store, _ENVIRONMENT, 3000, _SPAN)
    make_rollups(store, whole(_SPAN), _NOW)
    yield rows


@pytest.fixture(scope="module")
def questions(store: Store, requests: pd.DataFrame) -> Iterator[Questions]:
    asked = Questions(store, lambda: _NOW)
    yield asked
    asked.close()


def _from(store: Store, table: Table, question: Question) -> pd.DataFrame:
    """The answer from one table alone, and from requests where it has no whole rows."""
    only = [table, *(known for known in TABLES if known.is_requests and known is not table)]
    chosen = plan(question, RollupCoverage(store, lambda: _NOW)(), only)
    window = question.window
    if not table.is_requests and ceil(window.start, table.grain) < floor(window.end, table.grain):
        assert table.name in chosen.tables
    asked = statement(question, chosen, None, _NOW)
    return store.frame(asked.sql, asked.parameters)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dimensions": ("api", "version")},
        {"dimensions": ("gateway_kind", "reporter"), "step": HOUR},
        {"dimensions": ("hour",)},
        {"dimensions": ("month", "date"), "measures": ("requests", "p50")},
        {"dimensions": ("weekday", "gateway"), "filters": (_IN, parse_filter("api^=o,p"))},
        {"compare": timedelta(hours=24), "step": timedelta(hours=2), "dimensions": ("api",)},
        {"window": Window(ceil(START, HOUR), floor(START + _SPAN, HOUR)), "dimensions": ("api",)},
        {
            "measures": (*_HELD_BY_ALL, "apdex", "policy_violations"),
            "dimensions": ("api", "route", "method"),
            "filters": (_IN, parse_filter("route=/a,/b")),
        },
        {"measures": ("upstream_p95", "gateway_p95", "apdex"), "step": 2 * HOUR},
        {"measures": _OF_CONSUMERS, "dimensions": ("consumer", "version"), "compare": timedelta(hours=3)},
        {"measures": ("consumers", "failed_consumers"), "dimensions": ("api",), "compare": timedelta(hours=40)},
        {
            "measures": ("requests",),
            "dimensions": ("fault", "status", "policy", "response_flags", "upstream"),
            "filters": (_IN, parse_filter("fault=policy,backend")),
            "step": timedelta(minutes=30),
        },
        {"measures": ("requests",), "dimensions": ("policy", "outcome"), "filters": (_IN, _HAS_POLICY)},
        {"window": Window(floor(START, DAY), floor(START, DAY) + 2 * DAY), "dimensions": ("gateway",), "step": DAY},
    ],
    ids=str,
)
def test_each_table_gives_the_same_figures(store: Store, questions: Questions, changes: Mapping[str, object]) -> None:
    question = Question(_HELD_BY_ALL, whole(_SPAN), filters=(_IN,)).but(**changes)
    answer = questions.ask(question).frame
    able = [table for table in TABLES if not missing(question, table)]
    assert len(able) > 1
    for table in able:
        found = _from(store, table, question)
        found.columns = answer.columns
        for column in question.measures:
            pd.testing.assert_series_equal(
                found[column].astype("float64"), answer[column].astype("float64"), obj=f"{column} of {table.name}"
            )


@pytest.mark.parametrize("hours", [3, 31, 40])
def test_what_is_compared_equals_the_window_before_asked_alone(questions: Questions, hours: int) -> None:
    """Where windows overlap, a row is of both."""
    shift = timedelta(hours=hours)
    window = Window(ceil(START, HOUR) + 20 * HOUR + timedelta(minutes=5), floor(START + _SPAN, HOUR))
    for step in (None, HOUR):
        question = Question(("requests", "errors", "p95"), window, ("api",), (_IN,), step=step, compare=shift)
        alone = question.but(window=Window(window.start - shift, window.end - shift), compare=None)
        found, expected = questions.ask(question).frame, questions.ask(alone).frame
        if step is not None:
            expected["time"] += shift
        keys = ["api"] if step is None else ["time", "api"]
        merged = found.merge(expected, on=keys, how="outer", suffixes=("", "_alone")).fillna({"requests_alone": 0})
        assert (merged["requests_before"].fillna(0) == merged["requests_alone"]).all()
        known = merged[merged["requests_alone"] > 0]
        pd.testing.assert_series_equal(known["p95_before"], known["p95_alone"], check_names=False)


def test_a_statement_has_one_select_for_each_table() -> None:
    window = Window(_NOW - 7 * DAY + timedelta(minutes=7), _NOW + timedelta(minutes=7))
    question = Question(("requests", "p95"), window, compare=window.length)
    chosen = plan(question, {"api_1d": [(floor(START, DAY) - 30 * DAY, floor(_NOW, DAY))]})
    assert len(chosen.parts) + len(chosen.before) > len(chosen.tables)
    assert statement(question, chosen, None, _NOW).sql.count("AS seen") == len(chosen.tables)


def test_measures_equal_plain_sql_on_requests(store: Store, questions: Questions) -> None:
    """Of a mesh only the destination's view, as both tell of each request."""
    plain = store.frame(
        """
        SELECT count() AS requests, countIf(status >= 500 OR status < 200) AS errors,
            countIf(status BETWEEN 400 AND 499) AS client_errors, countIf(fault = 'policy') AS fault_policy,
            avg(duration_us) / 1000 AS mean, max(duration_us) / 1000 AS max,
            avgIf(upstream_us, duration_us IS NOT NULL) / 1000 AS upstream_mean,
            avg(duration_us - upstream_us) / 1000 AS gateway_mean, sum(response_bytes) AS response_bytes,
            uniqExactIf(consumer, consumer != '') AS consumers,
            uniqExactIf(consumer, consumer != '' AND (status >= 500 OR status < 200)) AS failed_consumers,
            (countIf(duration_us <= 20000 AND status BETWEEN 200 AND 499)
                + countIf(duration_us <= 80000 AND status BETWEEN 200 AND 499)) / 2 / count(duration_us) AS apdex
        FROM requests WHERE environment = {environment:String} AND reporter != 'source'
        """,
        {"environment": _ENVIRONMENT},
    )
    names = tuple(str(name) for name in plain.columns)
    question = Question(names, whole(_SPAN), filters=(_IN,), apdex_threshold=timedelta(milliseconds=20))
    found = questions.ask(question).frame
    for name in names:
        assert found[name][0] == pytest.approx(float(plain[name][0]), rel=0.011 if name == "apdex" else 1e-9), name


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("p50", "duration_us / 1000"),
        ("p75", "duration_us / 1000"),
        ("p90", "duration_us / 1000"),
        ("p95", "duration_us / 1000"),
        ("p99", "duration_us / 1000"),
        ("p999", "duration_us / 1000"),
        ("upstream_p95", "upstream_us / 1000"),
        ("gateway_p95", "(duration_us - upstream_us) / 1000"),
        ("request_bytes_p95", "request_bytes"),
        ("response_bytes_p50", "response_bytes"),
    ],
)
def test_percentiles_are_within_half_a_bucket(store: Store, questions: Questions, measure: str, value: str) -> None:
    level = float(f"0.{measure.rpartition('p')[2]}")
    values = store.frame(
        f"SELECT {value} AS value FROM usage_requests WHERE environment = {{environment:String}}",
        {"environment": _ENVIRONMENT},
    )["value"].dropna()
    exact = sorted(values)[max(1, math.ceil(level * len(values))) - 1]
    found = questions.ask(Question((measure,), whole(_SPAN), filters=(_IN,))).frame[measure][0]
    assert found == pytest.approx(float(exact), rel=0.011)


def test_every_measure_is_answered_of_nothing(questions: Questions) -> None:
    nobody = (parse_filter("environment=nobody"),)
    found = questions.ask(Question(tuple(MEASURES), whole(_SPAN), filters=nobody)).frame
    assert len(found) == 1
    for name, measure in MEASURES.items():
        value = found[name][0]
        if measure.is_histogram:
            assert value == {}
        else:
            assert value == 0 if measure.is_whole or name == "rate" else pd.isna(value), name
    assert questions.ask(Question(("requests", "p95"), whole(_SPAN), ("api",), nobody)).frame.empty


def test_tables_name_only_what_there_is(store: Store) -> None:
    for table in TABLES:
        columns = {name for (name, *_) in store.rows(f"DESCRIBE TABLE {table.view}")}
        assert table.keeps | {table.time} <= columns, table.name
        if not table.is_requests:
            assert table.columns <= columns, table.name


def test_the_sql_of_an_answer_runs_as_it_stands(store: Store, questions: Questions) -> None:
    filters = (_IN, parse_filter(r"api=orders,pay\\ments,it's"), parse_filter("route!^=/x"))
    answer = questions.ask(
        Question(("requests",), Window(ceil(START, HOUR), floor(START + _SPAN, HOUR)), ("api",), filters)
    )
    assert store.frame(answer.sql)["requests"].tolist() == answer.frame["requests"].tolist()
