"""What a window is compared with, as people write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, in_place_of, parse_filter
from processors.time.durations import parse_duration
from processors.time.period import parse_period
from processors.time.window import Window

_RANGE = ".."


@dataclass(frozen=True)
class Baseline:
    """Another window, or the same one of other traffic, whose filters are `against`."""

    window: Window
    against: tuple[Filter, ...] | None = None


def parse_baseline(text: str, window: Window, filters: Sequence[Filter], now: datetime) -> Baseline:
    """`before`, the time just before the window; `1d`, the same window that much earlier; `FROM..TO`; or other traffic
    of the same time, as in `version=v2`.

    Raises InvalidQuestion and InvalidReport.
    """
    if "=" in text:
        return Baseline(window, in_place_of(filters, _other(text)))
    if text == "before":
        return Baseline(window.before())
    if _RANGE in text:
        start, _, end = text.partition(_RANGE)
        return Baseline(parse_period(start, end, now))
    try:
        back = parse_duration(text)
        return Baseline(Window(window.start - back, window.end - back))
    except ValueError:
        raise InvalidQuestion(
            f"{text!r} is no baseline; write before, a duration such as 1d or 7d, FROM..TO as in "
            "2026-05-01..2026-05-02, or other traffic as in version=v2."
        ) from None


def _other(text: str) -> Filter:
    other = parse_filter(text)
    if other.operator is not Operator.IN:
        raise InvalidQuestion(f"{text!r} is no traffic to compare with; name its values, as in version=v2.")
    return other
