"""How long requests took: percentiles, the heatmap, and whose time it was."""

import pandas as pd
import plotly.graph_objects as go

from dashboards import formats
from dashboards.charts.style import INK, PERCENTILE_COLOURS, SEQUENCE, SHARE_COLOURS, figure, line, note
from dashboards.charts.traffic import settled
from processors.traffic.heatmap import lower_bound_ms
from processors.window import Window

_PERCENTILE_NAMES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}
_SHARE_NAMES = {"upstream_ms": "upstream", "gateway_ms": "gateway"}
_MOST_LABELS = 7


def percentiles(series: pd.DataFrame, window: Window) -> go.Figure:
    """p50, p95 and p99 of each step, in milliseconds."""
    drawn = figure((window.start, window.end), "ms")
    if not series["requests"].any():
        return note(drawn, "No requests")
    points = settled(series)
    if points[list(_PERCENTILE_NAMES)].isna().all(axis=None):
        return note(drawn, "No gateway tells how long requests took here")
    for name, shown in _PERCENTILE_NAMES.items():
        percentile = line(points, points[name], shown, PERCENTILE_COLOURS[name])
        drawn.add_trace(percentile.update(hovertemplate="%{y:.3~s} ms"))
    return drawn


def shares(series: pd.DataFrame, window: Window) -> go.Figure:
    """The mean time of a request that was spent on the upstream, and in the gateway."""
    drawn = figure((window.start, window.end), "ms, mean")
    points = settled(series)
    if points["upstream_ms"].isna().all():
        return note(drawn, "No gateway tells the upstream's time here")
    for name, shown in _SHARE_NAMES.items():
        drawn.add_scatter(
            x=points["time"], y=points[name], name=shown, mode="lines", stackgroup="shares",
            line={"color": SHARE_COLOURS[name], "width": 1}, hovertemplate="%{y:.3~s} ms",
        )  # fmt: skip
    return drawn


def heatmap(cells: pd.DataFrame, window: Window) -> go.Figure:
    """Requests by time and latency; the scale of latency is logarithmic."""
    drawn = figure((window.start, window.end), "")
    drawn.update_layout(hovermode="closest")
    if cells.empty:
        return note(drawn, "No requests of a known duration")
    numbers = [int(cell) for cell in cells.columns]
    edges = [lower_bound_ms(cell) for cell in numbers]
    spans = [
        f"{formats.milliseconds(low)} to {formats.milliseconds(lower_bound_ms(cell + 1))}"
        for low, cell in zip(edges, numbers, strict=True)
    ]
    counts = cells.T.astype("float64")
    drawn.add_heatmap(
        x=list(cells.index),
        y=list(range(len(edges))),
        # What is empty stays clear; the root keeps what is rare in sight.
        z=counts.where(counts > 0).pow(0.5).to_numpy(),
        customdata=[
            [[int(number), span] for number in row] for row, span in zip(counts.to_numpy(), spans, strict=True)
        ],
        hovertemplate="%{x|%b %d %H:%M}<br>%{customdata[1]}<br>%{customdata[0]} requests<extra></extra>",
        colorscale=[[0, SEQUENCE[0]], [1, SEQUENCE[1]]],
        showscale=False,
        xgap=1,
        ygap=1,
        hoverongaps=False,
    )
    every = max(1, len(edges) // _MOST_LABELS)
    labelled = range(0, len(edges), every)
    drawn.update_yaxes(
        tickvals=[place - 0.5 for place in labelled],
        ticktext=[formats.milliseconds(edges[place]) for place in labelled],
        showgrid=False,
        rangemode="normal",
        color=INK,
    )
    return drawn
