"""Annotations: what they may say, and which traffic they concern."""

from datetime import UTC, datetime

import pytest

from processors.annotations.annotation import new_annotation
from processors.errors import InvalidAnnotation
from processors.query.filters import parse_filter

_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("own", "filters", "concerned"),
    [
        ([], ["api=orders"], True),
        (["api=orders"], [], True),
        (["api=orders,payments"], ["api=payments"], True),
        (["api=orders"], ["api=payments"], False),
        (["api=orders"], ["environment=prod"], True),
        (["api=orders"], ["api!=orders"], False),
        (["api=orders,payments"], ["api!=orders"], True),
        (["api=orders"], ["api=∅"], False),
        (["api=orders", "environment=prod"], ["api=orders", "environment=stage"], False),
    ],
)
def test_it_concerns_what_filters_do_not_rule_out(own: list[str], filters: list[str], concerned: bool) -> None:
    annotation = new_annotation("deployed", _AT, filters=own)
    assert annotation.concerns([parse_filter(text) for text in filters]) is concerned


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ({"text": " "}, "characters of `text`"),
        ({"text": "x" * 501}, "characters of `text`"),
        ({"start": _AT.replace(tzinfo=None)}, "has no time zone"),
        ({"end": _AT.replace(year=2025)}, "swap `start` and `end`"),
        ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "years 1970 to 2261"),
        ({"link": "javascript:alert(1)"}, "address of a page"),
        ({"link": "https://"}, "address of a page"),
        ({"filters": ["api~=orders"]}, "by values, such as api=orders"),
        ({"filters": ["apis=orders"]}, "is not a dimension"),
        ({"tags": ["x" * 101]}, "at most 20 tags"),
        ({"text": "\ud800"}, "surrogate"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(given: dict[str, object], cure: str) -> None:
    with pytest.raises(InvalidAnnotation, match=cure):
        new_annotation(**{"text": "deployed", "start": _AT, **given})  # type: ignore[arg-type]
