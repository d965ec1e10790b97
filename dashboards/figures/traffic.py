"""Traffic by status over the share that failed, on one time axis."""

from collections.abc import Mapping

import pandas as pd

from dashboards import formats
from dashboards.components.own import Chart
from dashboards.design import SERIES, STATUS_COLOURS
from dashboards.figures.time_chart import Lane, Series, by_step, by_steps, time_chart
from dashboards.state.context import PageContext
from processors.query.question import BEFORE

# What `traffic_over_errors` needs of a question over time.
STATUS_MEASURES = (
    "requests",
    "rate",
    "status_2xx",
    "status_3xx",
    "status_4xx",
    "status_5xx",
    "status_other",
    "error_rate",
)
_NAMES = {
    "status_2xx": "2xx",
    "status_3xx": "3xx",
    "status_4xx": "4xx",
    "status_5xx": "5xx",
    "status_other": "no answer",
}
_LEAST_ERROR_RATE = 0.01


def traffic_over_errors(
    context: PageContext,
    panel: str,
    frame: pd.DataFrame,
    worst: "pd.Series[float] | None" = None,
    *,
    height: int = 300,
) -> Chart:
    """Requests per second by class of status, stacked; below them the error rate. The compared period is a ghost.

    `worst` is the error rate of the worst minute of each step, see `worst_minute`.
    """
    is_compared = f"rate{BEFORE}" in frame and frame[f"rate{BEFORE}"].any()
    statuses = [measure for measure in _NAMES if not frame.empty and frame[measure].any()]
    asked = ["requests", "rate", "error_rate", *statuses, *([f"rate{BEFORE}"] if is_compared else [])]
    steps = by_steps(context, frame, asked)
    traffic = [
        Series(_NAMES[measure], steps[measure] * steps["rate"] / steps["requests"], STATUS_COLOURS[measure], "bar")
        for measure in statuses
    ]
    if is_compared:
        before = steps[f"rate{BEFORE}"]
        # A step that has requests now and had none then is a gap of that line.
        before = before.where(before > 0)
        traffic.append(Series(context.before_name, before, "$neutral", "ghost"))
    errors = [Series("error rate", steps["error_rate"], "$bad")]
    if worst is not None and worst.notna().any():
        errors.append(Series("worst minute", worst, "$bad-ink", "thin"))
    return time_chart(
        context,
        panel,
        [
            Lane("rate", traffic, 2.2, "Requests"),
            Lane("share", errors, 1, "Error rate: 5xx or no answer", least=_LEAST_ERROR_RATE),
        ],
        height=height,
        summary=_summary(frame),
    )


def rate_by(context: PageContext, panel: str, frames: Mapping[str, pd.DataFrame], *, height: int = 260) -> Chart:
    """Requests per second as one line for each name: zero where only others have requests."""
    rates = {name: by_step(context, frame, "rate") for name, frame in frames.items()}
    is_known = pd.DataFrame(rates).notna().any(axis="columns")
    series = [
        Series(name, rate.mask(rate.isna() & is_known, 0.0), SERIES[place % len(SERIES)])
        for place, (name, rate) in enumerate(rates.items())
    ]
    summary = f"Requests per second of {', '.join(frames)}"
    return time_chart(context, panel, [Lane("rate", series)], height=height, summary=summary)


def groups(frame: pd.DataFrame, dimension: str, most: int = len(SERIES)) -> dict[str, pd.DataFrame]:
    """The rows of each value of a dimension, the busiest first."""
    if frame.empty:
        return {}
    busiest = frame.groupby(dimension, sort=False)["requests"].sum().sort_values(ascending=False).index[:most]
    return {str(name): frame[frame[dimension] == name] for name in busiest}


def _summary(frame: pd.DataFrame) -> str:
    if frame.empty or not frame["requests"].any():
        return "No requests in this range"
    worst = frame["error_rate"].max()
    return (
        f"Requests per second, at most {formats.show('rate', frame['rate'].max())}; "
        f"error rate at most {formats.show('share', worst)}"
    )
