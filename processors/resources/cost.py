"""What an API or a consumer costs: the part of an instance's CPU that goes with its traffic."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.resources.instance_filter import EVERYTHING, InstanceFilter
from processors.resources.least_squares import fit, r_squared
from processors.resources.resources import INSTANCE, resources
from processors.time.window import DAY, HOUR, MINUTE, Window, ceil, floor
from storage.store import Store

DIMENSIONS = ("api", "consumer")
COLUMNS = (
    "environment", "gateway", "name", "requests", "cpu_ms_per_1000", "margin", "cpu_seconds", "cpu_share",
)  # fmt: skip
FITS = ("environment", "gateway", "instances", "steps", "r_squared", "residual_cores", "idle_cores", "silent_because")

# Below this the traffic explains too little of the CPU for anybody to be billed by it.
LEAST_R_SQUARED = 0.5
# A cost with a larger relative margin of error is not reported.
MOST_MARGIN = 0.5
# Fewer steps for each coefficient fit anything.
_STEPS_PER_NAME = 5
_FEWEST_STEPS = 20
# The busiest have a coefficient each, all others one together.
_MOST_NAMES = 20

# A scrape falls anywhere in a minute: longer steps have less of its error. There are as many as a fit needs: each is
# asked for each consumer of each instance.
_STEPS = (
    (3 * HOUR, MINUTE),
    (timedelta(days=1), 10 * MINUTE),
    (timedelta(days=31), HOUR),
    (timedelta(days=120), 6 * HOUR),
    (timedelta.max, DAY),
)


@dataclass(frozen=True)
class Cost:
    """What was found. `costs` has COLUMNS, `fits` has FITS: a row a gateway, silent or not.

    `cpu_ms_per_1000` are CPU milliseconds per 1,000 requests, `margin` half of the interval that holds them 95 times of
    100; both are NaN where the fit of the gateway is poor or the margin wide. `cpu_seconds` are those of the window's
    requests, `cpu_share` their part of all CPU that the gateway used.
    """

    costs: pd.DataFrame
    fits: pd.DataFrame


def cost(store: Store, handled: Questions, window: Window, by: str = "api", of: InstanceFilter = EVERYTHING) -> Cost:
    """The cost by `by`, one of DIMENSIONS, from each gateway's instances; `handled` answers from HANDLED.

    Each instance has a CPU of its own while idle; the costs are those of the gateway. Of a sidecar all requests count
    that it handled, at whichever end. The CPU of a whole machine counts for nothing: others may use it.
    """
    step = next(step for longest, step in _STEPS if window.length <= longest)
    whole = Window(floor(window.start, step), ceil(window.end, step))
    used = resources(store, whole, of, step, with_hosts=False)
    used = used.dropna(subset=["cores"])
    if used.empty:
        # Requests by step are dear, and nothing is made of them.
        return Cost(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(FITS)))
    counted = _requests(handled, whole, by, of, step)
    costs, fits = [], []
    for (environment, gateway), seen in used.groupby(["environment", "gateway"]):
        theirs = counted[(counted["environment"] == environment) & (counted["gateway"] == gateway)]
        if theirs.empty:
            continue
        found, fitted = _of_gateway(seen, theirs, step)
        place = {"environment": str(environment), "gateway": str(gateway)}
        costs.append(found.assign(**place))
        fits.append({**place, **fitted})
    return Cost(
        pd.concat(costs, ignore_index=True)[list(COLUMNS)] if costs else pd.DataFrame(columns=list(COLUMNS)),
        pd.DataFrame(fits, columns=list(FITS)),
    )


def _requests(handled: Questions, window: Window, by: str, of: InstanceFilter, step: timedelta) -> pd.DataFrame:
    """`time`, the instance, `name` and `requests`, whoever reported them."""
    filters = tuple(Filter(name, values=(value,)) for name, value in of.parameters.items())
    found = handled.ask(Question(("requests",), window, (*INSTANCE, by), filters, step=step)).frame
    return found.rename(columns={by: "name"}).astype({"requests": "float64"})


def _of_gateway(used: pd.DataFrame, counted: pd.DataFrame, step: timedelta) -> tuple[pd.DataFrame, dict[str, object]]:
    """The costs of one gateway without its place, and its fit."""
    names = counted.groupby("name")["requests"].sum().sort_values(ascending=False)
    chosen = list(names.index[:_MOST_NAMES])
    traffic = counted[counted["name"].isin(chosen)].pivot_table(
        index=["instance", "time"], columns="name", values="requests", aggfunc="sum"
    )
    others = counted[~counted["name"].isin(chosen)].groupby(["instance", "time"])["requests"].sum()
    steps = used.set_index(["instance", "time"])["cores"]
    traffic = traffic.reindex(steps.index).reindex(columns=chosen).fillna(0.0)
    inputs = traffic.to_numpy(dtype="float64")
    if not others.empty:
        inputs = np.column_stack([inputs, others.reindex(steps.index).fillna(0.0).to_numpy(dtype="float64")])
    numbers, instances = pd.factorize(steps.index.get_level_values("instance"))
    idle = np.eye(len(instances))[numbers]
    seconds = steps.to_numpy(dtype="float64") * step.total_seconds()
    fitted = fit(np.column_stack([inputs, idle]), seconds)
    # Around each instance's own mean: that one instance takes more than another while idle, traffic does not explain.
    explained = r_squared(fitted.left, seconds, numbers)
    reason = _silent_because(len(seconds), inputs.shape[1] + idle.shape[1], explained)
    per_request, margin = fitted.coefficients[: len(chosen)], fitted.margins[: len(chosen)]
    is_known = np.logical_and(not reason, margin <= MOST_MARGIN * per_request)
    requests = names[chosen].to_numpy(dtype="float64")
    costs = pd.DataFrame(
        {
            "name": chosen,
            "requests": requests.astype("int64"),
            "cpu_ms_per_1000": np.where(is_known, per_request * 1e6, np.nan),
            "margin": np.where(is_known, margin * 1e6, np.nan),
            "cpu_seconds": np.where(is_known, per_request * requests, np.nan),
            "cpu_share": np.where(is_known, per_request * requests / max(float(seconds.sum()), 1e-9), np.nan),
        }
    )
    return costs, {
        "instances": idle.shape[1],
        "steps": len(seconds),
        "r_squared": explained,
        "residual_cores": fitted.residual / step.total_seconds(),
        "idle_cores": float(fitted.coefficients[inputs.shape[1] :].sum()) / step.total_seconds(),
        "silent_because": reason,
    }


def _silent_because(steps: int, coefficients: int, explained: float) -> str:
    if steps < max(_FEWEST_STEPS, _STEPS_PER_NAME * coefficients):
        known = "only 1 step" if steps == 1 else f"only {steps} steps"
        return f"CPU is known for {known}, too few to tell {coefficients} causes apart"
    if not explained >= LEAST_R_SQUARED:
        return "CPU does not follow the traffic"
    return ""
