"""How long requests took: percentiles, the heatmap, and the gateway's share of the time."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboards import design, formats
from dashboards.components.own import Chart
from dashboards.figures.mark_shapes import mark_shapes, tooltip_marks
from dashboards.figures.time_chart import Lane, Series, by_step, by_steps, time_chart
from dashboards.figures.time_ticks import time_ticks
from dashboards.state.context import PageContext
from processors.query.heatmap import ZERO_CELL, lower_bound_ms
from processors.query.question import BEFORE

PERCENTILES = ("p50", "p95", "p99")
SHARES = ("upstream_mean", "gateway_mean")
# Labels of a logarithmic scale that do not touch in a chart as low as these are.
_MOST_MARKS = 10
# Beside each other at the key of the colours.
_MOST_COLOUR_TICKS = 4


def percentiles(
    context: PageContext, panel: str, frame: pd.DataFrame, usual: pd.DataFrame | None = None, *, height: int = 300
) -> Chart:
    """p50, p95 and p99 of each step: one hue in three strengths, and the p95 before as a ghost.

    `usual` is a band behind them: hours by their start, with `lower` and `upper` of p95.
    """
    series = [] if usual is None else _band(context, usual)
    is_compared = f"p95{BEFORE}" in frame and frame[f"p95{BEFORE}"].notna().any()
    steps = by_steps(context, frame, [*PERCENTILES, *([f"p95{BEFORE}"] if is_compared else [])])
    series += [Series(name, steps[name], f"${name}") for name in PERCENTILES]
    if is_compared:
        series.append(Series(f"p95 {context.before_name}", steps[f"p95{BEFORE}"], "$neutral", "ghost"))
    top = frame["p99"].max() if not frame.empty else math.nan
    return time_chart(
        context,
        panel,
        [Lane("ms", series)],
        height=height,
        summary=f"Latency percentiles; p99 at most {formats.show('ms', top)}",
    )


def _band(context: PageContext, usual: pd.DataFrame) -> list[Series]:
    steps = by_step(context, pd.DataFrame(), "").index
    hours = usual.reindex(pd.DatetimeIndex(steps).floor("h"))
    lower, upper = (pd.Series(hours[name].to_numpy(), index=steps) for name in ("lower", "upper"))
    return [
        Series("usual p95 from", lower, "$neutral", "edge", in_legend=False),
        Series("usual p95", upper, "$neutral", "band"),
    ]


def time_shares(context: PageContext, panel: str, frame: pd.DataFrame, *, height: int = 300) -> Chart:
    """The mean time of the upstream and of the gateway, and the gateway's share of both."""
    upstream, gateway = (by_step(context, frame, name) for name in SHARES)
    share = Series("gateway's share", gateway / (upstream + gateway), "$series3")
    lines = [Series("upstream", upstream, "$series1"), Series("gateway", gateway, "$series2")]
    return time_chart(
        context,
        panel,
        [Lane("ms", lines, 2, "Mean time"), Lane("share", [share], 1, "Gateway's share of it", least=0.05)],
        height=height,
        summary="Mean time of the upstream and of the gateway, and the gateway's share",
    )


def heatmap(context: PageContext, panel: str, cells: pd.DataFrame, *, height: int = 300) -> Chart:
    """Requests by time and latency, both scales with round labels; the colour is the logarithm of the count.

    Durations that were reported as 0 are a row of their own below the others, or the scale would begin at 1 µs.
    """
    cells, zero = _apart(cells)
    start, end = (int(edge.timestamp() * 1000) for edge in (context.window.start, context.window.end))
    numbers = [int(cell) for cell in cells.columns]
    ticks, labels = time_ticks(context.window, context.view.tzinfo)
    layout = design.plotly_layout(
        xaxis=design.plotly_axis(
            type="date",
            range=[start, end],
            showgrid=False,
            ticks="outside",
            ticklen=4,
        ),
        yaxis=_duration_axis(numbers, has_zero=zero),
    )
    layout["shapes"] = mark_shapes(context.marks, "above")
    step = int((cells.index[1] - cells.index[0]).total_seconds() * 1000) if len(cells.index) > 1 else 60_000
    return Chart(
        id=f"{panel}-chart",
        panel=panel,
        data=[_count_cells(cells)],
        layout=layout,
        time={
            "start": start,
            "end": end,
            "step": step,
            "ticks": ticks,
            "labels": labels,
            "marks": tooltip_marks(context.marks),
        },
        height=height,
        summary="Requests by time and latency",
    )


def _count_cells(cells: pd.DataFrame) -> dict[str, Any]:
    """A trace of one colour a cell, on a logarithmic scale."""
    counts = cells.T.astype("float64")
    top = float(counts.to_numpy().max()) if counts.size else 1.0
    marks = one_two_five(1, top)
    colour_ticks = marks[:: max(2, math.ceil(len(marks) / _MOST_COLOUR_TICKS))]
    return {
        "type": "heatmap",
        "x": [int(at.timestamp() * 1000) for at in cells.index],
        "y": list(range(len(cells.columns))),
        "z": [[math.log10(value) if value > 0 else None for value in row] for row in counts.to_numpy()],
        "colorscale": [[0, "$accent/0.12"], [0.5, "$accent/0.55"], [1, "$accent/1.0"]],
        "zmin": 0,
        "zmax": max(math.log10(top), 0.3),
        "hoverongaps": False,
        "zsmooth": False,
        # Above the plot, which is as wide as the charts whose time axis it shares.
        "colorbar": {
            "orientation": "h",
            "thickness": 6,
            "lenmode": "pixels",
            "len": 200,
            "x": 1,
            "xanchor": "right",
            "xpad": 0,
            "y": 1,
            "yanchor": "bottom",
            "ypad": 2,
            "outlinewidth": 0,
            "tickvals": [math.log10(count) for count in colour_ticks],
            "ticktext": [formats.show("count", count) for count in colour_ticks],
            "tickfont": {"size": design.SIZES["meta"]},
            "title": {"text": "requests", "side": "right", "font": {"size": design.SIZES["meta"]}},
        },
    }


def _duration_axis(numbers: Sequence[int], *, has_zero: bool) -> dict[str, Any]:
    """The axis of cells with these numbers, labelled at round durations."""
    edges = [lower_bound_ms(number) for number in numbers] or [1.0]
    places = {mark: _place(mark, edges) for mark in few_marks(edges[0], edges[-1] * 1.19)}
    labels = {place: formats.show("ms", mark) for mark, place in places.items()}
    if has_zero:
        # A label that would touch it gives way.
        nearest = len(numbers) / _MOST_MARKS
        labels = {0: "0 ms", **{place: text for place, text in labels.items() if place >= nearest}}
    return design.plotly_axis(
        tickmode="array",
        tickvals=list(labels),
        ticktext=list(labels.values()),
        showgrid=False,
        range=[-0.5, len(numbers) - 0.5],
    )


def _apart(cells: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The cells without the empty ones between durations of 0 and the shortest other; whether there are both."""
    known = [number for number in map(int, cells.columns) if number > ZERO_CELL and cells[number].any()]
    if ZERO_CELL not in cells.columns or not known:
        return cells, False
    return cells.drop(columns=range(ZERO_CELL + 1, known[0])).rename(columns={ZERO_CELL: known[0] - 1}), True


def _place(latency: float, edges: list[float]) -> float:
    """Where a latency is on the scale of the rows, whose first begins at -0.5; four rows are a doubling."""
    return 4 * math.log2(latency / edges[0]) - 0.5


def few_marks(low: float, high: float) -> list[float]:
    """Those of them that have room for a label each: where the scale is long, one for each power of ten."""
    marks = one_two_five(low, high)
    return marks if len(marks) <= _MOST_MARKS else [mark for mark in marks if _is_power(mark)]


def _is_power(mark: float) -> bool:
    return math.isclose(math.log10(mark), round(math.log10(mark)), abs_tol=1e-9)


def one_two_five(low: float, high: float) -> list[float]:
    """The marks of a logarithmic scale between two values."""
    found = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(max(high, low))) + 1):
        found += [factor * 10.0**power for factor in (1, 2, 5) if low <= factor * 10.0**power <= high]
    return found
