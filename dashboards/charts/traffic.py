"""Requests per second, by kind of gateway or by class of status; and the share that failed."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboards.charts.style import KIND_COLOURS, STATUS_COLOURS, figure, line, note
from processors.window import Window

_STATUS_NAMES = {
    "status_2xx": "2xx",
    "status_3xx": "3xx",
    "status_4xx": "4xx",
    "status_5xx": "5xx",
    "status_other": "no answer",
}
# Rates of a step that has just begun jump about; it is drawn once it is over.
_FEWEST_POINTS = 3


def by_kind(series: pd.DataFrame, window: Window) -> go.Figure:
    """Stacked requests per second of `series_by_kind`."""
    kinds = [name for name in series.columns if name not in ("time", "seconds", "complete")]
    ordered = {kind: kind for kind in [*KIND_COLOURS, *kinds] if kind in kinds}
    return _stacked(settled(series), window, ordered, KIND_COLOURS)


def by_status(series: pd.DataFrame, window: Window) -> go.Figure:
    """Stacked requests per second of `series`, successes at the bottom."""
    present = {name: shown for name, shown in _STATUS_NAMES.items() if series[name].any()}
    return _stacked(settled(series), window, present, STATUS_COLOURS)


def failures(series: pd.DataFrame, window: Window) -> go.Figure:
    """The share of requests that ended with 4xx, and with 5xx or without an answer."""
    drawn = figure((window.start, window.end), "share of requests")
    if not series["requests"].any():
        return note(drawn, "No requests")
    points = settled(series)
    asked = points["requests"].where(points["requests"] > 0)
    for name, share, colour in (
        ("4xx", points["status_4xx"] / asked, STATUS_COLOURS["status_4xx"]),
        (
            "5xx or no answer",
            (points["status_5xx"] + points["status_other"]) / asked,
            STATUS_COLOURS["status_5xx"],
        ),
    ):
        drawn.add_trace(line(points, share, name, colour).update(hovertemplate="%{y:.2%}"))
    drawn.update_yaxes(tickformat=".1~%")
    return drawn


def settled(series: pd.DataFrame) -> pd.DataFrame:
    """The steps that are over, unless they are too few to draw or all there is happens now."""
    complete = series[series["complete"]]
    told = complete.drop(columns=["time", "seconds", "complete"]).fillna(0)
    return complete if len(complete) >= _FEWEST_POINTS and (told > 0).any(axis=None) else series


def _stacked(points: pd.DataFrame, window: Window, columns: Mapping[str, str], colours: Mapping[str, str]) -> go.Figure:
    drawn = figure((window.start, window.end), "requests / s")
    if not columns:
        return note(drawn, "No requests")
    for column, shown in columns.items():
        colour = colours.get(column, "#adb5bd")
        drawn.add_scatter(
            x=points["time"],
            y=points[column] / points["seconds"],
            name=shown,
            mode="lines",
            stackgroup="requests",
            line={"color": colour, "width": 1},
            hovertemplate="%{y:.3~s}/s",
        )
    return drawn
