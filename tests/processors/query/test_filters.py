"""Filters: what they let through, what they refuse, and how they are written."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, is_met, parse_filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import HOUR, Window
from storage.store import Store

_START = datetime(2026, 4, 1, 10, tzinfo=UTC)
_ENVIRONMENT = "question_filters"
_HOSTILE = "o'r\\d,e..rs') OR 1=1 --{x:String}∅\n\t"
_ROWS: tuple[tuple[str, str, int, str, dict[str, str]], ...] = (
    ("orders", "/v1/orders", 200, "web", {"region": "eu"}),
    ("payments", "/v1/pay", 404, "", {"region": "us", "it's=odd": "a"}),
    ("", "/v2/orders", 503, "mobile", {}),
    (_HOSTILE, "/v2/100%", 0, "web", {}),
)


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    columns = ("time", "environment", "reporter", "api", "path", "status", "consumer", "attributes")
    rows = [(_START + timedelta(minutes=number), _ENVIRONMENT, "gateway", *row) for number, row in enumerate(_ROWS)]
    store.insert("requests", columns, rows)
    asked = Questions(store, lambda: _START + HOUR)
    yield asked
    asked.close()


def _apis(questions: Questions, *filters: Filter) -> set[str]:
    """The numbers of the rows that pass, told by their paths."""
    environment = Filter("environment", values=(_ENVIRONMENT,))
    question = Question(("requests",), Window(_START, _START + HOUR), ("path",), (environment, *filters))
    found = questions.ask(question).frame
    numbers = {row[1]: str(number) for number, row in enumerate(_ROWS)}
    assert (found["requests"] == 1).all()
    return {numbers[str(path)] for path in found["path"]}


@pytest.mark.parametrize(
    ("text", "passing"),
    [
        ("api=orders,payments", "01"),
        ("api!=orders", "123"),
        ("api=∅", "2"),
        ("api!=∅", "013"),
        ("path^=/v1/", "01"),
        ("path^=/v1/o,/v2/o", "02"),
        ("path!^=/v1/", "23"),
        ("path~=^/v[12]/o", "02"),
        ("path!~=o(rders|ther)$", "13"),
        ("status=404", "1"),
        ("status!=404,0", "02"),
        ("status=400..599", "12"),
        ("status=404..", "12"),
        ("status=..200", "03"),
        ("status^=5,4", "12"),
        ("status~=^.0.$", "012"),
        ("status=∅", "3"),
        ("status_class=4xx,other", "13"),
        ("consumer=m..w", "2"),
        ("attribute:region=eu,us", "01"),
        ("attribute:region=∅", "23"),
        (r"attribute:it's\=odd=a", "1"),
        ("hour=10", "0123"),
        ("hour=11..23", ""),
    ],
)
def test_what_passes(questions: Questions, text: str, passing: str) -> None:
    assert _apis(questions, parse_filter(text)) == set(passing)
    # Of texts, Python decides the same.
    chosen = parse_filter(text)
    place = {"api": 0, "path": 1, "consumer": 3}.get(chosen.dimension)
    if place is not None:
        assert {str(number) for number, row in enumerate(_ROWS) if is_met(chosen, str(row[place]))} == set(passing)


@pytest.mark.parametrize("operator", [Operator.IN, Operator.PREFIX, Operator.RANGE])
def test_hostile_values_are_values(questions: Questions, operator: Operator) -> None:
    values = (_HOSTILE, _HOSTILE) if operator is Operator.RANGE else (_HOSTILE,)
    assert _apis(questions, Filter("api", operator, values)) == {"3"}
    assert _apis(questions, Filter(f"attribute:{_HOSTILE}", operator, values)) == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("api", "is no filter"),
        ("", "is no filter"),
        ("colour=red", "is not a dimension"),
        ("attribute:=x", "is not a dimension"),
        ("status=abc", "is a number"),
        ("status=4..x", "is a number"),
        ("path~=(", "no regular expression"),
        (r"path~=(a)\1", "no regular expression"),
        ("hour=∅", "Every request has"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidQuestion, match=reason):
        parse_filter(text)


def test_sizes_are_checked() -> None:
    for operator, values in (
        (Operator.IN, ()),
        (Operator.RANGE, ("1",)),
        (Operator.ABSENT, ("x",)),
        (Operator.REGEX, ()),
    ):
        with pytest.raises(InvalidQuestion):
            Filter("api", operator, values)
    with pytest.raises(InvalidQuestion, match="surrogate"):
        Filter("api", values=("\ud800",))


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.text("a.,\\∅=!", max_size=6)
_REGEXES = st.sampled_from(["^a,b$", r"\d+", ""])
_NAMES = st.sampled_from(["api", "route"]) | _TEXTS.filter(bool).map(lambda name: f"attribute:{name}")


@given(
    _NAMES,
    st.one_of(
        st.tuples(
            st.sampled_from([Operator.IN, Operator.NOT_IN, Operator.PREFIX, Operator.NOT_PREFIX]),
            st.lists(_TEXTS, min_size=1, max_size=3).map(tuple),
        ),
        st.tuples(st.just(Operator.RANGE), st.tuples(_TEXTS, _TEXTS)),
        st.tuples(st.sampled_from([Operator.ABSENT, Operator.PRESENT]), st.just(())),
        st.tuples(st.sampled_from([Operator.REGEX, Operator.NOT_REGEX]), st.tuples(_REGEXES)),
    ),
)
def test_texts_round_trip(name: str, condition: tuple[Operator, tuple[str, ...]]) -> None:
    written = Filter(name, *condition)
    assert parse_filter(written.text()) == written
