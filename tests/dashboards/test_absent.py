"""What stands for no value of a dimension."""

from dashboards.absent import NO_API, value_text
from processors.query.absent import ABSENT


def test_no_value_has_the_word_that_filters_and_rules_take() -> None:
    assert {name: value_text(name, "") for name in ABSENT} == ABSENT
    assert ABSENT["api"] == NO_API


def test_every_dimension_has_a_word_for_none() -> None:
    assert value_text("route", "") == "(no route)"
    assert value_text("consumer", "") == "(unknown)"
    assert value_text("upstream", "") == "(none)"
    assert value_text("status", 0) == value_text("status", "") == "(no answer)"
    assert value_text("status", 503) == "503"
    assert value_text("api", "orders") == "orders"
