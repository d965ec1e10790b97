"""What figures are compared with."""

from dataclasses import dataclass
from datetime import timedelta

from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, parse_filter
from processors.time.window import Window


@dataclass(frozen=True)
class Comparison:
    """`shift` is how much earlier the compared period lies; None for the length of the range itself."""

    label: str
    # As shown next to a difference, e.g. '+12 % vs previous period'.
    short: str
    shift: timedelta | None


COMPARISONS = {
    "previous": Comparison("Previous period", "vs previous period", None),
    "day": Comparison("Same time yesterday", "vs yesterday", timedelta(days=1)),
    "week": Comparison("Same time last week", "vs last week", timedelta(days=7)),
    "month": Comparison("Same time four weeks ago", "vs four weeks ago", timedelta(days=28)),
}
OFF = "off"


def shift_of(name: str, window: Window) -> timedelta | None:
    """How much earlier the compared period lies; None for no comparison."""
    found = COMPARISONS.get(name)
    if found is None:
        return None
    return window.length if found.shift is None else found.shift


def other_traffic(name: str) -> Filter | None:
    """What traffic of the same time figures are compared with, as the URL says it: 'version=v2'; None for none."""
    try:
        found = parse_filter(name) if "=" in name else None
    except InvalidQuestion:
        return None
    return found if found is not None and found.operator is Operator.IN else None


def label_of(name: str) -> str:
    """A comparison in words: 'Previous period', 'version v2'."""
    other = other_traffic(name)
    if other is not None:
        return f"{other.dimension} {', '.join(other.values)}"
    return COMPARISONS[name].label if name in COMPARISONS else "No comparison"
