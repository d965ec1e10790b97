"""The same API through two gateways, kinds, versions or periods: what differs for certain."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from dash import html

from dashboards import formats
from dashboards.components.notice import empty, notice
from dashboards.components.table import Cell, Column, Row, table
from dashboards.figures.distribution import distribution
from dashboards.pages.what_if.comparison_form import asked, comparison_choice, comparison_form, prices, sides
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.once import Once
from processors.comparison.comparison import PERCENTILES, Comparison, Figures, Prices, Side, compare
from processors.comparison.intervals import Interval, faster_share
from processors.comparison.verdict import verdict
from processors.query.answer import Answer
from processors.time.window import MINUTE, floor

# Of the last readers and their sides.
_REMEMBERED = 32
_HEIGHT = 260
_NO_TWO = "Fewer than two have traffic in this range; widen it, or compare by something else"
_CompareOf = Callable[[PageContext], Comparison | None]


def comparison_panels(parts: PageParts) -> tuple[Panel, ...]:
    """What is compared, the form, and its result."""

    # Both sides are asked for half a dozen things, gateway by gateway: a minute's answer is given again.
    @lru_cache(maxsize=_REMEMBERED)
    def compared(first: Side, second: Side, _minute: datetime) -> Comparison:
        return compare(parts.store, parts.questions, parts.handled, first, second)

    def work_out(context: PageContext) -> Comparison | None:
        found = sides(context, parts.questions.ask_all(asked(context)))
        return found and compared(*found, floor(context.now, MINUTE))

    comparison_of = Once(work_out)
    return (comparison_choice(), comparison_form(), _figures(comparison_of), _spread(comparison_of))


def _figures(comparison_of: _CompareOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = comparison_of(context)
        if found is None:
            return empty(_NO_TWO)
        priced = prices(context.view)
        return [
            notice("info", verdict(found, priced), html.P(_faster(found)) if _faster(found) else None),
            table(context, "compared", _columns(found), _rows(found, priced)),
        ]

    return Panel(
        "compared",
        "Differences",
        draw,
        span=8,
        height=360,
        help="In brackets, the 95 % confidence interval. CPU and memory are of whole gateways, over all they handled",
    )


def _spread(comparison_of: _CompareOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = comparison_of(context)
        if found is None:
            return empty(_NO_TWO)
        both = (found.first, found.second)
        if not any(side.histogram for side in both):
            return empty("No request in this range has a known duration")
        drawn = [(side.side.name, side.histogram, f"$series{place}") for place, side in enumerate(both, start=1)]
        words = f"Latency of {found.first.side.name} and {found.second.side.name}: share of requests by duration"
        return distribution("compared-spread", drawn, height=_HEIGHT, summary=words)

    return Panel(
        "compared-spread",
        "Latency distribution",
        draw,
        height=_HEIGHT,
        is_chart=True,
        help="The distribution of each side's latency, on a logarithmic scale",
    )


def _faster(comparison: Comparison) -> str:
    share = faster_share(comparison.first.histogram, comparison.second.histogram)
    if share is None:
        return ""
    first, second = comparison.first.side.name, comparison.second.side.name
    return f"A request of {first} is faster than one of {second} {100 * share:.0f} times out of 100."


def _rows(comparison: Comparison, priced: Prices) -> list[dict[str, Any]]:
    both = (comparison.first, comparison.second)

    def row(key: str, label: str, show: Callable[[Figures], str], difference: str = "") -> dict[str, Any]:
        return {"key": key, "label": label, "first": show(both[0]), "second": show(both[1]), "difference": difference}

    def duration(name: str, label: str) -> dict[str, Any]:
        return row(name, label, lambda side: formats.show("ms", side.durations[name]))

    def percentile(name: str) -> dict[str, Any]:
        def show(side: Figures) -> str:
            return _with_interval("ms", side.durations[name], side.percentile_interval(name))

        return row(name, f"Latency {name}", show, "significant" if comparison.differs(name) else "not significant")

    return [
        row("requests", "Requests", lambda side: formats.show("count", side.requests)),
        row(
            "error_rate",
            "Errors",
            lambda side: _with_interval("share", side.error_rate, side.error_interval),
            _points(comparison.error_difference),
        ),
        row("client_errors", "4xx", lambda side: formats.show("share", _share(side.client_errors, side.requests))),
        duration("mean", "Latency mean"),
        *(percentile(name) for name, _ in PERCENTILES),
        duration("gateway_mean", "Gateway's own time, mean"),
        duration("upstream_mean", "Upstream's time, mean"),
        row("cpu", "CPU per 1,000 requests", _cpu),
        row("memory", "Memory per 1,000 requests", _memory),
        row("cost", "Cost of a million requests", lambda side: _cost(side, priced)),
    ]


def _share(counted: int, of: int) -> float | None:
    return counted / of if of else None


def _with_interval(unit: str, value: float | None, interval: Interval | None) -> str:
    if interval is None:
        return formats.show(unit, value)
    return f"{formats.show(unit, value)} ({formats.show(unit, interval.low)} – {formats.show(unit, interval.high)})"


def _points(interval: Interval | None) -> str:
    if interval is None:
        return ""
    low, high = (formats.points(edge, 0) for edge in (interval.low, interval.high))
    return "not significant" if interval.low <= 0 <= interval.high else f"{low} to {high}"


def _cpu(side: Figures) -> str:
    return formats.show("ms", 1000 * side.usage.cpu_seconds_per_1000) if side.usage else formats.NOTHING


def _memory(side: Figures) -> str:
    if side.usage is None or not side.usage.gib_seconds:
        return formats.NOTHING
    return f"{side.usage.gib_seconds_per_1000:.3g} GiB·s"


def _cost(side: Figures, priced: Prices) -> str:
    cost = side.cost_of_a_million(priced)
    return formats.NOTHING if cost is None else f"{cost:,.4g}"


def _difference(row: Row) -> Cell:
    text = str(row["difference"])
    return {"text": text, "strong": text not in ("", "not significant")}


def _columns(comparison: Comparison) -> tuple[Column, ...]:
    return (
        Column("label", "Figure"),
        Column("first", comparison.first.side.name, numeric=True),
        Column("second", comparison.second.side.name, numeric=True),
        Column("difference", "Difference", cell=_difference, rank=1, help="The second minus the first"),
    )
