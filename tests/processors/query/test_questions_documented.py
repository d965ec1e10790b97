"""docs/questions.md has every measure and dimension as the lists describe them, and filters that can be read."""

import re
from pathlib import Path

import pytest

from processors.query.dimensions import DIMENSIONS, Dimension
from processors.query.filters import Operator, parse_filter
from processors.query.measures import MEASURES, Measure

_DOCUMENT = (Path(__file__).parents[3] / "docs" / "questions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda measure: measure.name)
def test_every_measure_is_documented(measure: Measure) -> None:
    name, description = measure.name, measure.description
    assert re.search(rf"^\| `{name}` \| [^|]+ \| {re.escape(description)} \|$", _DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize("dimension", DIMENSIONS.values(), ids=lambda dimension: dimension.name)
def test_every_dimension_is_documented(dimension: Dimension) -> None:
    name, description = dimension.name, dimension.description
    assert f"\n| `{name}` | {description} |\n" in _DOCUMENT


def test_every_kind_of_filter_is_documented() -> None:
    section = _DOCUMENT.partition("## Filters")[2].partition("\n## ")[0]
    written = [parse_filter(text) for text in re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)]
    assert {chosen.operator for chosen in written} == set(Operator)
    assert all(f"`{operator.value}`" in section or f'"{operator.value}"' in section for operator in Operator)


def test_names_of_measures_and_dimensions_differ() -> None:
    """They are columns of one answer."""
    assert not MEASURES.keys() & DIMENSIONS.keys()
    assert not [name for name in MEASURES if name.endswith("_before")]
