"""Planted causes are found, in real requests of a real ClickHouse."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.errors import InvalidQuestion
from processors.explain.explain import explain
from processors.explain.explanation import ChangeQuestion, Explanation
from processors.explain.measures import MEASURES, explained_measure
from processors.explain.ranking import Judgement, Sums
from processors.explain.sentences import sentence, summary
from processors.query.filters import Filter, in_place_of
from processors.query.questions import Questions
from processors.rollups.coverage import kept_of
from processors.time.window import Window
from storage.store import Store

_HOUR = timedelta(hours=1)
_START = datetime(2026, 4, 1, 10, tzinfo=UTC)
_AFTER, _BEFORE = Window(_START, _START + _HOUR), Window(_START - _HOUR, _START)

# Every statement plants two hours of 20,000 requests: 5 APIs, 4 routes, 3 gateways, 10 consumers, 4 upstream addresses
# each, and 1 % of errors. `after`, `api`, `gateway`, `address`, `consumer` are there to plant with.
_PLANT = """
INSERT INTO requests (time, environment, gateway_kind, gateway, instance, reporter, api, route, method, status,
    consumer, upstream, upstream_address, duration_us)
SELECT
    toDateTime64('2026-04-01 09:00:00', 6, 'UTC') + toIntervalMillisecond(360 * intDiv(number, 2))
        + toIntervalHour(after),
    {environment:String}, 'envoy', gateway, concat(gateway, '-', toString(intDiv(hash, 1009) % 2)), 'gateway', api,
    concat('/', api, '/', toString(intDiv(hash, 7) % 4)), 'GET',
    if(<fails>, 503, if(hash % 100 = 0, 500, 200)), consumer, concat('up-', api), address,
    if(<slow>, 900000, 20000 + hash % 1000)
FROM
(
    SELECT number, number % 2 AS after, sipHash64(intDiv(number, 2), after) AS hash,
        concat('api', toString(hash % 5)) AS api, concat('gw', toString(intDiv(hash, 31) % 3)) AS gateway,
        concat(api, '-', toString(intDiv(hash, 97) % 4)) AS address,
        concat('app', toString(intDiv(hash, 389) % 10)) AS consumer
    FROM numbers(20000)
)
WHERE <kept>
"""


def _plant(store: Store, environment: str, **conditions: str) -> None:
    statement = _PLANT
    for place, condition in {"fails": "0", "slow": "0", "kept": "1", **conditions}.items():
        statement = statement.replace(f"<{place}>", condition)
    store.command(statement, {"environment": environment})


def _explained(store: Store, environment: str, measure: str) -> Explanation:
    return _explained_against(store, environment, measure, _BEFORE)


def _explained_against(
    store: Store, environment: str, measure: str, baseline: Window, most_requests: int = 1_000_000
) -> Explanation:
    filters = (Filter("environment", values=(environment,)),)
    questions = Questions(store, lambda: _AFTER.end)
    question = ChangeQuestion(explained_measure(measure), _AFTER, baseline, filters)
    try:
        return explain(store, questions, question, most_requests)
    finally:
        questions.close()


def test_an_upstream_that_died_is_named_first(store: Store) -> None:
    _plant(store, "explain-upstream", fails="after AND address = 'api2-1'")
    explanation = _explained(store, "explain-upstream", "errors")
    first = explanation.causes[0]
    assert (first.dimensions, first.values) == (("upstream_address",), ("api2-1",))
    assert first.contribution == pytest.approx(1, abs=0.1)
    assert "come from upstream address api2-1" in sentence(explanation, first)
    assert all(cause.is_echo for cause in explanation.causes[1:] if not cause.is_symptom)
    symptoms = [cause for cause in explanation.causes if cause.is_symptom]
    assert [(cause.dimensions[0], cause.values[0]) for cause in symptoms] == [("status", "503")]
    assert all(cause.is_symptom for cause in explanation.causes[-len(symptoms) :])


def test_a_pair_is_found_where_neither_value_is_the_cause(store: Store) -> None:
    _plant(store, "explain-pair", fails="after AND api = 'api1' AND gateway = 'gw2'")
    first = _explained(store, "explain-pair", "error_rate").causes[0]
    assert (first.dimensions, first.values) == (("upstream", "gateway"), ("up-api1", "gw2"))
    assert first.contribution == pytest.approx(1, abs=0.1)
    assert first.sums.ratio_after == 1


@pytest.mark.parametrize("measure", ["mean", "p95"])
def test_what_became_slow_is_found(store: Store, measure: str) -> None:
    environment = f"explain-{measure}"
    _plant(store, environment, slow="after AND consumer = 'app7'")
    explanation = _explained(store, environment, measure)
    assert explanation.causes[0].values == ("app7",)
    assert explanation.causes[0].contribution > 0.9
    assert "app7" in summary(explanation)


def test_who_sends_more_is_found(store: Store) -> None:
    _plant(store, "explain-volume", kept="after OR consumer != 'app3' OR hash % 10 = 0")
    explanation = _explained(store, "explain-volume", "requests")
    assert explanation.causes[0].values == ("app3",)
    assert explanation.causes[0].contribution == pytest.approx(1, abs=0.2)


def test_a_change_that_is_spread_has_no_cause(store: Store) -> None:
    _plant(store, "explain-spread", fails="after AND hash % 10 = 0")
    places = [cause for cause in _explained(store, "explain-spread", "errors").causes if not cause.is_symptom]
    assert places == []


def test_other_traffic_of_the_same_time_is_compared_with(store: Store) -> None:
    _plant(store, "explain-traffic", fails="gateway = 'gw2' AND consumer = 'app7'")
    environment = Filter("environment", values=("explain-traffic",))
    here, there = (Filter("gateway", values=(name,)) for name in ("gw2", "gw1"))

    def explained(*filters: Filter) -> Explanation:
        questions = Questions(store, lambda: _AFTER.end)
        against = in_place_of(filters, there)
        question = ChangeQuestion(explained_measure("error_rate"), _AFTER, _AFTER, filters, against)
        try:
            return explain(store, questions, question)
        finally:
            questions.close()

    found = explained(environment, here)
    assert found.whole.ratio_before == pytest.approx(0.01, abs=0.005)
    assert found.causes[0].values == ("app7",)
    assert all("gateway" not in cause.dimensions for cause in found.causes)
    assert summary(found).startswith("The error rate was higher: ")
    assert " % of requests in the other traffic, " in summary(found)
    assert "of the difference in the error rate comes from consumer app7" in summary(found)
    # Where one is a part of the other, its requests are of both.
    whole = explained(environment)
    assert whole.whole.before_of == found.whole.before_of
    assert whole.whole.after_of > found.whole.before_of + found.whole.after_of
    assert whole.whole.after > found.whole.before + found.whole.after


def test_a_sample_finds_the_same_causes(store: Store) -> None:
    _plant(
        store,
        "explain-sample",
        fails="after AND address = 'api2-1'",
        slow="after AND consumer = 'app7'",
        kept="after OR gateway != 'gw1' OR hash % 10 = 0",
    )

    def both(measure: str) -> tuple[Explanation, Explanation]:
        whole = _explained_against(store, "explain-sample", measure, _BEFORE)
        return whole, _explained_against(store, "explain-sample", measure, _BEFORE, most_requests=2_000)

    for measure, value in (("errors", "api2-1"), ("error_rate", "api2-1"), ("p95", "app7"), ("requests", "gw1")):
        everything, sampled = both(measure)
        assert (everything.sampled, sampled.sampled) == (1, 8)
        assert sampled.causes[0].values == everything.causes[0].values == (value,)
        assert sampled.causes[0].contribution == pytest.approx(everything.causes[0].contribution, abs=0.15)
        assert sampled.whole.after_of == pytest.approx(everything.whole.after_of, rel=0.15)
    # What is rare is counted, not estimated.
    everything, sampled = both("errors")
    assert sampled.whole.after == everything.whole.after
    assert [cause.sums.after for cause in sampled.causes[:1]] == [cause.sums.after for cause in everything.causes[:1]]
    _plant(store, "explain-sample-of-chance")
    for measure in ("requests", "mean", "errors"):
        found = _explained_against(store, "explain-sample-of-chance", measure, _BEFORE, most_requests=2_000)
        assert found.causes == ()


def test_of_very_many_errors_a_sample_is_counted_too(store: Store) -> None:
    _plant(store, "explain-outage", fails="after AND api = 'api2' AND hash % 20 != 0")
    whole = _explained_against(store, "explain-outage", "errors", _BEFORE)
    sampled = _explained_against(store, "explain-outage", "errors", _BEFORE, most_requests=500)
    assert sampled.causes[0].values == whole.causes[0].values == ("up-api2",)
    assert sampled.whole.after == pytest.approx(whole.whole.after, rel=0.2)
    assert sampled.whole.after != whole.whole.after


def test_a_longer_baseline_is_scaled(store: Store) -> None:
    _plant(store, "explain-scaled")
    longer = Window(_BEFORE.start - _HOUR, _BEFORE.end)
    whole = _explained_against(store, "explain-scaled", "requests", longer).whole
    assert (whole.before, whole.after) == (5000, 10000)


def test_nothing_stored_is_nothing_to_explain(store: Store) -> None:
    for measure in MEASURES:
        explanation = _explained(store, "explain-nowhere", measure.name)
        assert explanation.causes == ()
        assert "no change" in summary(explanation)


def test_contributions_to_a_ratio_add_up() -> None:
    parts = [Sums(5, 100, 50, 300), Sums(1, 900, 9, 100), Sums(3, 50, 0, 0)]
    whole = sum(parts, Sums(0, 0, 0, 0))
    assert sum(Judgement(whole, is_ratio=True).contribution(part) for part in parts) == pytest.approx(1)


def test_more_traffic_of_the_same_kind_is_no_cause_of_a_rate() -> None:
    grown, broken = Sums(10, 1000, 100, 10000), Sums(10, 1000, 500, 1000)
    judged = Judgement(grown + broken, is_ratio=True)
    assert judged.contribution(grown) == pytest.approx(0)
    assert judged.contribution(broken) == pytest.approx(1)


def test_what_was_deleted_is_not_taken_for_a_change(store: Store) -> None:
    kept = {kept_of("explain-deleted"): ((_START, _START + 9 * _HOUR),)}
    questions = Questions(store, lambda: _AFTER.end, lambda: kept)
    filters = (Filter("environment", values=("explain-deleted",)),)
    asked = ChangeQuestion(explained_measure("errors"), _AFTER, _BEFORE, filters)
    with pytest.raises(InvalidQuestion, match="2026-04-01 09:00 to 2026-04-01 10:00 UTC have been deleted"):
        explain(store, questions, asked)
    questions.close()
