"""CPU and memory on one time axis with traffic and latency."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from dashboards import formats
from dashboards.components.notice import empty
from dashboards.components.own import Chart
from dashboards.design import SERIES
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.gateways.scope import instance_filter
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.resources.resources import resources
from processors.time.window import MINUTE

_HEIGHT = 520
_MOST_LINES = len(SERIES)


def load_panel(parts: PageParts) -> Panel:
    """Of a gateway a line an instance, of an instance with its limits."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        used = resources(parts.store, context.window, instance_filter(context), max(context.step, MINUTE))
        traffic = parts.handled.ask(context.question("requests", "rate", "error_rate", "p95", over_time=True)).frame
        if used.empty and traffic.empty:
            return empty("No traffic, CPU or memory data in this range")
        return _chart(context, used, traffic)

    return Panel(
        "load",
        "CPU, memory, traffic and latency",
        draw,
        height=_HEIGHT,
        is_chart=True,
        help="The six busiest instances. Without data, CPU and memory are left out, or a gap; docs/resources.md",
    )


def _chart(context: PageContext, used: pd.DataFrame, traffic: pd.DataFrame) -> Chart:
    cores, memory = _lines(context, used, "cores"), _lines(context, used, "memory_bytes", in_legend=False)
    if used["instance"].nunique() == 1:
        cores += _limit(context, used, "cpu_limit", "cores")
        memory += _limit(context, used, "memory_limit", "memory_bytes")
    rate, p95 = by_step(context, traffic, "rate"), by_step(context, traffic, "p95")
    lanes = [
        # What nothing measures would be an empty place.
        *([Lane("plain", cores, 1.2, "CPU, cores")] if cores else []),
        *([Lane("bytes", memory, 1.2, "Memory")] if memory else []),
        Lane("rate", [Series("Requests", rate, "$accent", in_legend=False)], 1, "Requests"),
        Lane("ms", [Series("p95", p95, "$p95", in_legend=False)], 1, "Latency p95"),
    ]
    return time_chart(context, "load", lanes, height=_HEIGHT, summary=_summary(used, traffic))


def _lines(context: PageContext, used: pd.DataFrame, figure: str, *, in_legend: bool = True) -> list[Series]:
    known = used.dropna(subset=["cores", "memory_bytes"], how="all")
    busiest = known.groupby("instance")["cores"].mean().sort_values(ascending=False, na_position="last")
    step = max(context.step, timedelta(minutes=1))
    lines = []
    for name, colour in zip(busiest.index[:_MOST_LINES], SERIES, strict=False):
        one = known[known["instance"] == name].groupby("time", as_index=False).agg({figure: _sum_of_known})
        if one[figure].any():
            lines.append(Series(str(name), by_step(context, one, figure, step), colour, in_legend=in_legend))
    return lines


def _limit(context: PageContext, used: pd.DataFrame, limit: str, figure: str) -> list[Series]:
    """Only where it is near enough not to flatten what is drawn."""
    highest, top = used[f"{figure}_max"].max(), used[limit].max()
    if not highest * 4 >= top:
        return []
    frame = used.groupby("time", as_index=False).agg({limit: _sum_of_known})
    return [Series("Limit", by_step(context, frame, limit), "$warning", "threshold", in_legend=False)]


def _sum_of_known(values: "pd.Series[float]") -> float:
    """NaN where none is known."""
    return float(values.sum(min_count=1))


def _summary(used: pd.DataFrame, traffic: pd.DataFrame) -> str:
    requests = int(traffic["requests"].sum()) if not traffic.empty else 0
    cores = formats.show("cores", used["cores_max"].max() if not used.empty else None)
    memory = formats.show("bytes", used["memory_bytes_max"].max() if not used.empty else None)
    return f"{requests:,} requests; an instance used at most {cores} and {memory}"
