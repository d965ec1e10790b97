"""The APIs of a window, the busiest first and no others."""

from datetime import datetime, timedelta

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import frame
from processors.traffic.steps import buckets, elapsed_seconds, step_of
from processors.traffic.totals import DEFAULT_APDEX_THRESHOLD
from processors.window import Window
from storage.store import Store

_SPARKLINE_POINTS = 40
# Clients can invent names; a page of tens of thousands would be megabytes at each refresh.
MOST_ROWS = 500


def apis(
    store: Store,
    window: Window,
    filters: Filters,
    now: datetime,
    apdex_threshold: timedelta = DEFAULT_APDEX_THRESHOLD,
) -> pd.DataFrame:
    """`api` ('' where no route matched), counts, `rate`, `error_rate`, percentiles, `versions`, and `sparkline`.

    A sparkline is the requests per second of each complete step, oldest first.
    """
    step = step_of(window, _SPARKLINE_POINTS)
    parameters = {
        "limit": MOST_ROWS,
        "step": int(step.total_seconds()),
        "satisfied_us": apdex_threshold // timedelta(microseconds=1),
    }
    found = frame(store, "apis", window, filters, parameters=parameters)
    if found.empty:
        return found
    points = buckets(window, step, now)
    asked = {int(number) for steps in found["spark_steps"] for number in steps}
    numbers = [int(start.timestamp()) // parameters["step"] for start in points["time"]]
    over = points["complete"].to_numpy() & [number in asked for number in numbers]
    # The present step is left out, unless everything happens in it.
    shown = points["complete"].to_numpy() if over.any() else [True] * len(points)
    seconds = {
        number: covered for number, covered, is_shown in zip(numbers, points["seconds"], shown, strict=True) if is_shown
    }
    sparklines = [
        _sparkline(dict(zip(steps, requests, strict=True)), seconds)
        for steps, requests in zip(found["spark_steps"], found["spark_requests"], strict=True)
    ]
    return found.drop(columns=["spark_steps", "spark_requests"]).assign(
        rate=found["requests"] / elapsed_seconds(window, now),
        error_rate=found["errors"] / found["requests"],
        client_error_rate=found["client_errors"] / found["requests"],
        sparkline=pd.Series(sparklines, index=found.index),
    )


def _sparkline(requests: dict[int, int], seconds: dict[int, float]) -> list[float]:
    return [round(requests.get(step, 0) / covered, 4) for step, covered in seconds.items()]
