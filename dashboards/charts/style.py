"""What every chart looks like. Colours are legible on light and dark alike, so that figures need no theme."""

from datetime import datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go

INK = "#868e96"
LINES = "rgba(134, 142, 150, 0.18)"

STATUS_COLOURS = {
    "status_2xx": "#20c997",
    "status_3xx": "#4dabf7",
    "status_4xx": "#fab005",
    "status_5xx": "#fa5252",
    "status_other": "#868e96",
}
KIND_COLOURS = {
    "envoy": "#5c7cfa",
    "mesh": "#20c997",
    "flex": "#cc5de8",
    "mule": "#22b8cf",
    "proxy": "#adb5bd",
}
PERCENTILE_COLOURS = {"p50_ms": "#4dabf7", "p95_ms": "#fd7e14", "p99_ms": "#f03e3e"}
SHARE_COLOURS = {"upstream_ms": "#5c7cfa", "gateway_ms": "#fcc419"}
SEQUENCE = ["rgba(92, 124, 250, 0.10)", "rgba(92, 124, 250, 0.95)"]


def figure(window: tuple[datetime, datetime], y_title: str, **layout: Any) -> go.Figure:
    """An empty figure over a time range; what the reader zoomed into survives a refresh of the same range."""
    drawn = go.Figure()
    drawn.update_layout(
        margin={"l": 56, "r": 12, "t": 8, "b": 32},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Inter, sans-serif", "size": 12, "color": INK},
        hovermode="x unified",
        hoverlabel={
            "bgcolor": "rgba(33, 37, 41, 0.94)",
            "font": {"color": "#f8f9fa"},
            "bordercolor": "rgba(0,0,0,0)",
        },
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 1,
            "xanchor": "right",
            "traceorder": "normal",
        },
        uirevision=f"{window[0]}",
        **layout,
    )
    drawn.update_xaxes(
        type="date", range=list(window), showgrid=False, linecolor=LINES, tickcolor=LINES, ticks="outside"
    )
    drawn.update_yaxes(gridcolor=LINES, zeroline=False, title={"text": y_title, "standoff": 8}, rangemode="tozero")
    return drawn


def line(points: pd.DataFrame, values: "pd.Series[float]", name: str, colour: str) -> go.Scatter:
    """Values over time as a line with gaps where there is none; one with gaps on both sides is a dot."""
    known = values.notna()
    alone = known & ~known.shift(1, fill_value=False) & ~known.shift(-1, fill_value=False)
    return go.Scatter(
        x=points["time"],
        y=values,
        name=name,
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"color": colour, "size": [5 if each else 0 for each in alone], "line": {"width": 0}},
        connectgaps=False,
        # A dot at the edge of the chart is drawn whole.
        cliponaxis=False,
    )


def note(drawn: go.Figure, text: str) -> go.Figure:
    """Say why a figure is empty, in its middle."""
    drawn.add_annotation(text=text, showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5, font={"size": 13})
    drawn.update_yaxes(showticklabels=False, showgrid=False)
    return drawn
