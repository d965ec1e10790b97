"""Each kind of rule over real traffic: a story of requests, and when each rule fires, recovers and resolves."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from processors.alerts.evaluation.backtest import Backtest, Page, backtest
from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.minutes import Minutes
from processors.alerts.rules.kinds.traffic import NUMBERS
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.errors import InvalidRule
from processors.query.answer import Answer
from processors.query.filters import parse_filter
from processors.query.measures import measure
from processors.query.question import TIME, Question
from processors.query.questions import Questions
from processors.rollups.coverage import kept_of
from processors.time.window import Window, floor
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.query.traffic_rows import START as FILLED
from tests.processors.query.traffic_rows import fill

# A story begins here; each test has an environment of its own.
_START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_FILLED = floor(FILLED, 5 * _MINUTE)

# Requests a minute and the share of them that fail, by the minutes in which it is so.
Traffic = Mapping[range, tuple[int, float]]


def _tell(store: Store, environment: str, api: str, traffic: Traffic, duration_ms: int = 10) -> None:
    columns = ("time", "environment", "gateway", "reporter", "api", "status", "fault", "duration_us")
    rows = []
    for minutes, (count, failing) in traffic.items():
        for minute in minutes:
            at = _START + minute * _MINUTE + timedelta(seconds=30)
            for number in range(count):
                fails = number < count * failing
                status, fault = (500, "backend") if fails else (200, "")
                rows.append((at, environment, "edge", "gateway", api, status, fault, duration_ms * 1000))
    store.insert("requests", columns, rows)


def _rule(environment: str, **keys: Any) -> Rule:
    given = {"name": "r", "window": "5m", "op": ">", "by": ["api"], "filters": {"environment": environment}, **keys}
    return rig.rule(**{name: value for name, value in given.items() if value is not None})


def _play(store: Store, rule: Rule, minutes: int, first: int = 0) -> list[str]:
    """`api severity fired-resolved worst` of each page, in minutes of the story."""
    return [_shown(page) for page in _test(store, rule, minutes, first).pages]


def _test(store: Store, rule: Rule, minutes: int, first: int = 0) -> Backtest:
    window = Window(_START + first * _MINUTE, _START + minutes * _MINUTE)
    return backtest([rule], rig.questions_of(store), window)


def _shown(page: Page) -> str:
    began = (page.fired_at - _START) // _MINUTE
    ended = (page.resolved_at - _START) // _MINUTE if page.resolved_at is not None else ""
    return f"{page.labels.get('api', '')} {page.labels['severity']} {began}-{ended} {page.worst:.3g}".strip()


def _samples(store: Store, rule: Rule, minute: int) -> list[Sample]:
    now = _START + minute * _MINUTE
    finding = evaluate([rule], rig.questions_of(store), rig.Sources(), now, timedelta())["r"]
    assert isinstance(finding, Finding), finding
    return finding.samples


def test_a_threshold_with_two_severities_and_a_way_back(store: Store) -> None:
    """20 % fail from minute 10 to 20, 60 % to 30, then 4 %."""
    traffic = {range(10): (10, 0.0), range(10, 20): (10, 0.2), range(20, 30): (10, 0.6), range(30, 60): (25, 0.04)}
    _tell(store, "kind-threshold", "orders", traffic)
    levels = {"warning": {"threshold": 0.1, "recovery": 0.05}, "critical": {"threshold": 0.5, "recovery": 0.3}}
    rule = _rule("kind-threshold", measure="error_rate", severities=levels, **{"for": "2m"})
    assert _play(store, rule, 60) == ["orders warning 15-35 0.6", "orders critical 26-32 0.6"]


def test_the_backtest_is_what_single_evaluations_are(store: Store) -> None:
    """Counts are summed from minutes; percentiles are asked for: both as one question at a time has them."""
    _tell(store, "kind-sums", "orders", {range(10): (3, 0.0), range(10, 20): (9, 0.4)})
    _tell(store, "kind-sums", "carts", {range(5, 15): (2, 0.5)}, duration_ms=40)
    for name in ("error_rate", "rate", "p95"):
        rule = _rule("kind-sums", measure=name, threshold=0.2, window="3m")
        singly: dict[str, list[float]] = {}
        for minute in range(25):
            for sample in _samples(store, rule, minute):
                if sample.value > 0.2:
                    singly.setdefault(sample.group["api"], []).append(sample.value)
        pages = {page.labels["api"]: page.worst for page in _test(store, rule, 25).pages}
        assert pages == {api: pytest.approx(max(values)) for api, values in singly.items()}, name
    silent = _rule("kind-sums", measure="requests", op="<", threshold=1, by=[], min_requests=0, window="3m")
    assert _play(store, silent, 30) == ["warning 0-1 0", "warning 23- 0"]


@pytest.mark.parametrize("by", [["api"], []], ids=["by API", "of all"])
@pytest.mark.parametrize("measure", ["error_rate", "mean", "apdex"])
def test_a_day_without_requests_is_one_of_a_backtest(store: Store, measure: str, by: list[str]) -> None:
    """Its sums are nothing, which is no share of anything."""
    environment = f"kind-quiet-{measure}-{len(by)}"
    day = 24 * 60
    _tell(store, environment, "orders", {range(5): (4, 1.0), range(3 * day, 3 * day + 5): (4, 1.0)})
    rule = _rule(environment, measure=measure, threshold=0, op=">=", by=by)
    pages = _test(store, rule, 4 * day, first=-2 * day).pages
    assert [(page.fired_at - _START) // _MINUTE for page in pages] == [1, 3 * day + 1]


_SUMMED = [name for name in NUMBERS if measure(name).sums is not None]


@pytest.mark.parametrize("changes", [{"compare": 7 * _MINUTE}, {"dimensions": (), "step": 5 * _MINUTE}], ids=str)
def test_sums_of_minutes_are_what_the_store_answers(store: Store, changes: Mapping[str, Any]) -> None:
    """Of every measure that a rule may watch."""
    environment = f"kind-minutes-{next(iter(changes), 'plain')}"
    fill(store, environment, 400, timedelta(minutes=90), seed=5)
    questions = rig.questions_of(store)
    # The second one ends when nothing is asked for any more.
    for end in (40, 95):
        window = Window(_FILLED + (end - 10) * _MINUTE, _FILLED + (end + 10) * _MINUTE)
        question = Question(
            tuple(_SUMMED), window, ("api", "version"), (parse_filter(f"environment={environment}"),)
        ).but(**changes)
        (summed,) = Minutes(questions).outcomes([question])
        assert isinstance(summed, Answer)
        assert summed.table == "minutes"
        keys = [name for name in (TIME, *question.dimensions) if name in summed.frame]
        found, expected = (
            answer.frame.sort_values(keys, ignore_index=True) if keys else answer.frame
            for answer in (summed, questions.ask(question))
        )
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=False, rtol=1e-12)
    assert set(NUMBERS) <= set(_SUMMED)


def test_a_minimum_of_requests_and_a_late_group(store: Store) -> None:
    _tell(store, "kind-few", "orders", {range(10): (2, 1.0), range(10, 15): (20, 1.0)})
    rule = _rule("kind-few", measure="error_rate", threshold=0.5, min_requests=30)
    # From minute 12 on there are more than 30 in the window; at 19 there are 20, and that twice.
    assert _play(store, rule, 30) == ["orders warning 12-20 1"]


def test_a_new_group_settles_first(store: Store) -> None:
    _tell(store, "kind-new", "orders", {range(60): (2, 1.0)})
    rule = _rule("kind-new", measure="error_rate", threshold=0.5, new_group_delay="10m")
    assert _play(store, rule, 30, first=1) == ["orders warning 11- 1"]


def test_a_change_against_the_hour_before(store: Store) -> None:
    """Traffic falls from 20 to 5 a minute, and all of carts goes away."""
    _tell(store, "kind-change", "orders", {range(80): (20, 0.0), range(80, 150): (5, 0.0)})
    _tell(store, "kind-change", "carts", {range(80): (20, 0.0)})
    rule = _rule(
        "kind-change", kind="change", measure="requests", against="1h", op="<", threshold=-0.5, min_requests=50
    )
    assert _play(store, rule, 150, first=70) == ["carts warning 83-144 -1", "orders warning 84-145 -0.75"]
    found = _samples(store, rule, 85)
    assert [(one.group["api"], one.value, one.requests) for one in found] == [
        ("orders", pytest.approx(-0.75), 100), ("carts", -1.0, 100),
    ]  # fmt: skip
    week = _rule("kind-change", kind="change", measure="requests", against="week", threshold=1)
    assert [question.compare for question in week.plan(_START, timedelta()).questions] == [timedelta(days=7)]


def test_absence_of_what_used_to_be_there(store: Store) -> None:
    _tell(store, "kind-absent", "orders", {range(60): (5, 0.0)})
    _tell(store, "kind-absent", "carts", {range(30): (5, 0.0), range(40, 60): (5, 0.0)})
    _tell(store, "kind-absent", "rare", {range(1): (1, 0.0)})
    rule = _rule("kind-absent", kind="absence", op="<", seen_within="1h", min_requests=10)
    # carts is away from 30 to 40, so a window of 5 minutes is empty at 35.
    pages = _play(store, rule, 59, first=10)
    assert pages == ["carts warning 35-41 0"]


def test_a_budget_that_burns_over_both_windows(store: Store) -> None:
    """An objective of 99 %: 20 % of errors burn the budget 20 times as fast as it may."""
    _tell(store, "kind-burn", "orders", {range(60): (10, 0.0), range(60, 90): (10, 0.2), range(90, 120): (10, 0.0)})
    rule = _rule(
        "kind-burn", kind="burn_rate", objective="99%", op=None, window=None,
        windows=[
            {"long": "30m", "short": "5m", "factor": 10, "severity": "critical"},
            {"long": "60m", "short": "10m", "factor": 2, "severity": "warning"},
        ],
    )  # fmt: skip
    # The long window of 30 minutes has burnt ten times at 75; the short one is clean at 93 again.
    assert _play(store, rule, 120, first=60) == ["orders warning 66-100 10", "orders critical 75-93 20"]


def test_the_windows_of_the_workbook() -> None:
    rule = rig.rule(name="slo", kind="burn_rate", objective=99.9)
    questions = rule.plan(_START, timedelta()).questions
    assert {question.window.length for question in questions} == {
        timedelta(hours=hours) for hours in (1, 1 / 12, 6, 0.5, 24, 2, 72)
    }
    assert [condition.severity for condition in rule.conditions] == ["critical", "warning"]


def test_more_than_n_in_k_consecutive_periods(store: Store) -> None:
    """As Anypoint: more than 20 errors in each of 3 periods of 5 minutes."""
    _tell(
        store, "kind-periods", "orders", {range(5, 20): (10, 0.5), range(20, 25): (10, 0.4), range(25, 60): (10, 0.5)}
    )
    rule = _rule("kind-periods", kind="consecutive", measure="errors", threshold=20, periods=3)
    # The period of minutes 20 to 25 has just 20.
    assert _play(store, rule, 50) == ["orders warning 20-25 25", "orders warning 40- 25"]


def test_periods_that_end_just_before_midnight(store: Store) -> None:
    """Days begin within periods of seven minutes, wherever in one the backtest begins."""
    end = (floor(_START + 719 * _MINUTE, 7 * _MINUTE) - _START) // _MINUTE
    # Nothing else is ever there, so that the API is first seen on the day that ends.
    _tell(store, "kind-midnight", "orders", {range(end - 14, end): (5, 1.0)})
    rule = _rule("kind-midnight", kind="consecutive", measure="errors", threshold=20, periods=2, window="7m")
    values = [[one.value for one in _samples(store, rule, minute)] for minute in (end - 1, end, end + 6, end + 7)]
    assert values == [[0.0], [35.0], [35.0], [0.0]]
    # A group without requests in a period resolves when it has been missing for a minute.
    for first in range(690, 697):
        assert _play(store, rule, 740, first) == [f"orders warning {end}-{end + 8} 35"], first


def test_a_figure_of_the_pipeline(store: Store) -> None:
    rule = rig.rule(name="r", kind="pipeline", signal="spool", op=">=", threshold=0.8, severity="critical")
    sources = rig.Sources()
    found = evaluate([rule], rig.questions_of(store), sources, _START)["r"]
    assert isinstance(found, Finding)
    assert found.samples == []
    sources.signals["spool"] = 0.9
    found = evaluate([rule], rig.questions_of(store), sources, _START)["r"]
    assert isinstance(found, Finding)
    assert found.samples == [Sample({}, 0.9, 0)]


def test_a_statement_of_ones_own(store: Store) -> None:
    rule = rig.rule(name="r", kind="sql", sql="SELECT …", threshold=5)
    sources = rig.Sources()
    sources.frames["SELECT …"] = pd.DataFrame({"pod name": ["a", "b"], "rank": [1, 2], "value": [7.0, None]})
    found = evaluate([rule], rig.questions_of(store), sources, _START)["r"]
    assert isinstance(found, Finding)
    assert found.samples == [Sample({"pod_name": "a", "rank": "1"}, 7.0, 0)]
    sources.frames["SELECT …"] = pd.DataFrame({"pod": ["a"]})
    error = evaluate([rule], rig.questions_of(store), sources, _START)["r"]
    assert isinstance(error, InvalidRule)
    assert "no numeric column" in str(error)


def test_what_the_backtest_says_beside_pages(store: Store) -> None:
    _tell(store, "kind-noise", "orders", {range(10): (5, 0.0), range(10, 11): (5, 1.0), range(11, 30): (5, 0.0)})
    rule = _rule("kind-noise", measure="error_rate", threshold=0.5, window="1m")
    window = Window(_START, _START + 30 * _MINUTE)
    found = backtest(
        [rule, rig.rule(name="now", kind="pipeline", signal="lag", threshold=5)],
        rig.questions_of(store), window,
    )  # fmt: skip
    assert found.skipped == ("now",)
    (page,) = found.noise(timedelta(minutes=5))
    assert page.lasts(window.end) == _MINUTE
    assert found.noise(_MINUTE) == ()


@pytest.mark.parametrize("keys", [{}, {"kind": "change", "op": "<", "threshold": -0.5}])
def test_what_was_deleted_is_no_traffic_that_stopped(store: Store, keys: Mapping[str, Any]) -> None:
    _tell(store, "kind-deleted", "orders", {range(10): (5, 0.0)})
    given = {"measure": "requests", "op": "<", "threshold": 1, "by": [], **keys}
    rules = [
        _rule("kind-deleted", **{**given, "name": name, "filters": {"environment": "kind-deleted", **more}})
        for name, more in (("requests", {"path": "/"}), ("rollups", {}))
    ]
    deleted = {kept_of("kind-deleted"): ((_START + timedelta(days=1), _START + timedelta(days=9)),)}
    questions = Questions(store, lambda: _START + timedelta(days=9), lambda: deleted)
    found = backtest(rules, questions, Window(_START, _START + 30 * _MINUTE))
    questions.close()
    assert list(found.faults) == ["requests"]
    assert "UTC have been deleted, and no rollup holds all that the rule asks; begin later." in found.faults["requests"]
    assert "requests" not in {page.rule for page in found.pages}
