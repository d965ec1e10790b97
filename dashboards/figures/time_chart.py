"""Charts over time: gaps where there is no data, the present dashed, lanes on one time axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboards import design
from dashboards.components.own import Chart
from dashboards.figures.mark_shapes import mark_shapes, tooltip_marks
from dashboards.figures.time_ticks import time_ticks
from dashboards.state.context import PageContext
from processors.time.window import floor

# Bars are stacked; a band fills what is between it and the edge before it.
Kind = Literal["bar", "line", "thin", "ghost", "threshold", "edge", "band"]
_GAP = 0.09
_LINES: dict[str, dict[str, Any]] = {
    "line": {"width": 1.75},
    "thin": {"width": 1},
    "ghost": {"width": 1.25, "dash": "dot"},
    "threshold": {"width": 1.25, "dash": "dash"},
    "edge": {"width": 0},
    "band": {"width": 0},
}


@dataclass(frozen=True)
class Series:
    """One line of a chart: `values` by the start of their steps, as `by_step` makes them."""

    name: str
    values: "pd.Series[float]"
    # A token of dashboards.design, e.g. '$good'.
    colour: str
    kind: Kind = "line"
    in_legend: bool = True


@dataclass(frozen=True)
class Lane:
    """A part of a chart with a scale of its own; `unit` is a key of dashboards.formats.UNITS."""

    unit: str
    series: Sequence[Series]
    # Its share of the height, as against the other lanes.
    weight: float = 1
    title: str = ""
    # The scale reaches at least so far, so that noise does not look like news.
    least: float = 0


def by_step(
    context: PageContext, frame: pd.DataFrame, measure: str, step: timedelta | None = None
) -> "pd.Series[float]":
    """A measure of an answer over time, with NaN for each step of the range that has no data."""
    return by_steps(context, frame, (measure,), step)[measure]


def by_steps(
    context: PageContext, frame: pd.DataFrame, measures: Sequence[str], step: timedelta | None = None
) -> pd.DataFrame:
    """Several measures of an answer over time, a column each."""
    steps = _steps(context, step)
    if frame.empty:
        return pd.DataFrame(float("nan"), index=steps, columns=list(measures))
    times = pd.DatetimeIndex(pd.to_datetime(frame["time"], utc=True))
    return frame[list(measures)].astype("float64").set_index(times).reindex(steps)


def courses(
    context: PageContext, frame: pd.DataFrame, by: str, measures: Sequence[str], step: timedelta | None = None
) -> dict[str, dict[str, list[float | None]]]:
    """The same of several measures for each value of a dimension, worked out together: a frame for each is dear."""
    if frame.empty:
        return {}
    steps = _steps(context, step)
    timed = frame.assign(time=pd.to_datetime(frame["time"], utc=True))
    wide = timed.pivot(index="time", columns=by, values=[*measures]).reindex(steps).astype("float64")
    pairs: list[Any] = wide.columns.tolist()
    found: dict[str, dict[str, list[float | None]]] = {}
    for (measure, name), values in zip(pairs, wide.to_numpy().T, strict=True):
        found.setdefault(str(name), {})[measure] = plain(values)
    return found


def _steps(context: PageContext, step: timedelta | None) -> pd.DatetimeIndex:
    cut = step or context.step
    end = min(context.window.end, context.now)
    return pd.date_range(floor(context.window.start, cut), end, freq=cut, inclusive="left")


def plain(values: "pd.Series[float] | npt.NDArray[np.float64]") -> list[float | None]:
    """The values, with None where nothing is known."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def time_chart(context: PageContext, panel: str, lanes: Sequence[Lane], *, height: int, summary: str) -> Chart:
    """Lanes below each other; `summary` says in words what there is to see."""
    layout = design.plotly_layout(
        xaxis=design.plotly_axis(
            type="date",
            range=[_ms(context.window.start), _ms(context.window.end)],
            showgrid=False,
            anchor="free",
            position=0,
            ticks="outside",
            ticklen=4,
        ),
        shapes=[*mark_shapes(context.marks), *_present(context)],
        annotations=[],
        barmode="stack",
        bargap=0.12,
    )
    if lanes and lanes[0].title:
        layout["margin"]["t"] = 20
    data: list[dict[str, Any]] = []
    units: dict[str, str] = {}
    for number, (lane, domain) in enumerate(zip(lanes, _domains(lanes), strict=True), start=1):
        axis = "y" if number == 1 else f"y{number}"
        name = f"yaxis{axis[1:]}"
        layout[name] = design.plotly_axis(domain=domain, least=lane.least, anchor="x")
        units[name] = lane.unit
        if lane.title:
            layout["annotations"].append(_title(lane.title, domain[1]))
        for series in lane.series:
            data += _traces(context, series, axis)
    ticks, labels = time_ticks(context.window, context.view.tzinfo)
    return Chart(
        id=f"{panel}-chart",
        panel=panel,
        data=data,
        layout=layout,
        units=units,
        time={
            "start": _ms(context.window.start),
            "end": _ms(context.window.end),
            "step": context.step // timedelta(milliseconds=1),
            "ticks": ticks,
            "labels": labels,
            "marks": tooltip_marks(context.marks),
        },
        height=height,
        summary=summary,
    )


def _traces(context: PageContext, series: Series, axis: str) -> list[dict[str, Any]]:
    """The line, and its last step by itself where that is not over yet."""
    times = pd.DatetimeIndex(series.values.index).as_unit("ms").astype("int64").tolist()
    values = plain(series.values)
    step = context.step // timedelta(milliseconds=1)
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": times,
        "y": values,
        "name": series.name,
        "yaxis": axis,
        "showlegend": series.in_legend,
    }
    if times:
        # What stands for a step is drawn in its middle.
        trace |= {"xperiod": step, "xperiod0": times[0], "xperiodalignment": "middle"}
    if series.kind == "bar":
        return [{**trace, "type": "bar", "marker": {"color": series.colour, "line": {"width": 0}}}]
    line = {"color": series.colour, **_LINES[series.kind]}
    if series.kind in ("edge", "band"):
        filled = {"fill": "tonexty", "fillcolor": f"{series.colour}/0.16"} if series.kind == "band" else {}
        return [{**trace, "mode": "lines", "line": line, **filled}]
    is_open = bool(times) and context.now < series.values.index[-1].to_pydatetime() + context.step
    if series.kind != "line" or not is_open or len(times) < 2:
        return [{**trace, "mode": "lines+markers", "line": line, "marker": _alone(values, series.colour)}]
    # What is not over is dashed; the tooltip and the table read `all`.
    settled = [*values[:-1], None]
    return [
        {
            **trace,
            "y": settled,
            "all": values,
            "mode": "lines+markers",
            "line": line,
            "marker": _alone(settled, series.colour),
        },
        {
            **trace,
            "x": times[-2:],
            "y": values[-2:],
            "of": series.name,
            "hover": False,
            "showlegend": False,
            "mode": "lines+markers",
            "line": {**line, "dash": "dot"},
            "marker": {"color": series.colour, "size": [0, 4]},
        },
    ]


def _alone(values: Sequence[float | None], colour: str) -> dict[str, Any]:
    """A value between two gaps is a dot, or it would not be seen."""
    known = [value is not None for value in values]
    sizes = [
        4 if here and not (place and known[place - 1]) and not (place + 1 < len(known) and known[place + 1]) else 0
        for place, here in enumerate(known)
    ]
    return {"color": colour, "size": sizes, "line": {"width": 0}}


def _domains(lanes: Sequence[Lane]) -> list[list[float]]:
    """The first lane on top."""
    whole = sum(lane.weight for lane in lanes)
    free = 1 - _GAP * (len(lanes) - 1)
    top, domains = 1.0, []
    for lane in lanes:
        bottom = top - free * lane.weight / whole
        domains.append([max(0.0, round(bottom, 4)), round(top, 4)])
        top = bottom - _GAP
    return domains


def _title(text: str, top: float) -> dict[str, Any]:
    return {
        "text": text,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        # Edges of alerts run through it.
        "bgcolor": "$card/0.8",
        "borderpad": 1,
        "font": {"size": 12, "color": "$secondary"},
    }


def _present(context: PageContext) -> list[dict[str, Any]]:
    """Bars cannot be dashed: the step that is not over yet is faded."""
    begun = floor(context.now, context.step)
    end = min(context.window.end, begun + context.step)
    if not context.window.start <= begun < end:
        return []
    return [
        {
            "xref": "x",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "layer": "above",
            "type": "rect",
            "x0": _ms(begun),
            "x1": _ms(end),
            "fillcolor": "$card/0.55",
            "line": {"width": 0},
        }
    ]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
