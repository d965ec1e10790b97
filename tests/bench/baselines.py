"""How many planted anomalies a baseline misses, and how often it cries wolf; prints JSON.

    python -m tests.bench.baselines [--apis 20] [--weeks 12]

Generated months: a season by hour and weekday, noise with heavier tails than the normal, counts by chance, a trend, a
holiday that is like a Sunday, and, in every second API, a level that shifts for good. Planted: surges, drops, outages,
bursts of errors, slow hours. Of the hours where nothing was planted the holiday and the first day of a new level are
left out.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from processors.baselines.band import PAST, band
from processors.baselines.scale import SCALES

_WEEK = 168
_START = pd.Timestamp("2026-01-05", tz="UTC")
# How long a planted anomaly lasts, in hours, and how far they are apart at least.
_LENGTHS = (1, 2, 3)
_APART = 30
_BUSY = 300


@dataclass(frozen=True)
class Month:
    """Hourly values of one API, of which `judged` at the end are judged, and where anomalies were planted, by kind."""

    requests: pd.Series
    error_rate: pd.Series
    p95: pd.Series
    judged: int
    planted: Mapping[str, list[slice]]
    # Hours that are unlike others, though nothing is wrong: holidays, and the first day of a new level.
    unlike: NDArray[np.bool_]


# What is planted, and by which measure it has to be found.
KINDS = {
    "surge": "requests",
    "drop": "requests",
    "outage": "requests",
    "errors": "error_rate",
    "slow": "p95",
}


def generate(number: int, weeks: int, seed: int = 1) -> Month:
    """The months of one API; the same number is always the same."""
    random = np.random.default_rng([seed, number])
    total = weeks * _WEEK
    hour = np.arange(total)
    unlike = np.zeros(total, dtype=np.bool_)
    judged = total - PAST
    size = 10 ** random.uniform(1.5, 4.5)
    rate = size * _season(hour, float(random.uniform(0.3, 0.8)), float(random.uniform(0.3, 0.9)))
    rate *= np.exp(hour / _WEEK * random.uniform(-0.01, 0.02)) * np.exp(0.06 * random.standard_t(4, total))
    if number % 2:
        at = int(random.integers(PAST + _WEEK, total - _WEEK))
        rate[at:] *= random.choice([0.5, 1.8])
        unlike[at : at + 24] = True
    holiday = int(random.integers(PAST // 24, total // 24 - 7)) * 24
    rate[holiday : holiday + 24] = size * _season(np.arange(144, 168), 0.5, 0.5)
    unlike[holiday : holiday + 24] = True
    share = np.clip(10 ** random.uniform(-3.3, -1.8) * np.exp(0.3 * random.standard_normal(total)), 0, 1)
    slowness = 10 ** random.uniform(1.3, 2.8) * (0.9 + 0.2 * _season(hour, 0.5, 0.9))
    slowness *= np.exp(0.05 * random.standard_t(5, total))
    planted: dict[str, list[slice]] = {kind: [] for kind in KINDS}
    for kind, place in _places(random, judged, total, unlike):
        planted[kind].append(place)
        rate[place] *= {"surge": 2.2, "drop": 0.35, "outage": 0.0}.get(kind, 1.0)
        share[place] = share[place] * 3 + 0.05 if kind == "errors" else share[place]
        slowness[place] *= 2.0 if kind == "slow" else 1.0
    counted = random.poisson(rate).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = random.binomial(counted.astype(np.int64), share) / counted
        p95 = np.where(
            counted > 0, slowness * np.exp(random.standard_normal(total) * np.sqrt(1.6 / (counted + 1))), np.nan
        )
    index = pd.date_range(_START, periods=total, freq="h")
    series = [pd.Series(one, index) for one in (counted, errors, p95)]
    return Month(series[0], series[1], series[2], judged, planted, unlike)


def judge(months: list[Month]) -> dict[str, dict[str, float]]:
    """By measure: planted anomalies and those missed, hours where nothing was planted and those called unusual."""
    found: dict[str, dict[str, float]] = {}
    for measure in dict.fromkeys(KINDS.values()):
        missed, planted, false, quiet = 0, 0, 0, 0
        for month in months:
            frame = band(getattr(month, measure), month.requests, SCALES[measure], month.judged)
            is_unusual = np.concatenate([np.zeros(month.requests.size - month.judged, np.bool_), frame["is_unusual"]])
            nothing = ~month.unlike
            for kind, places in month.planted.items():
                for place in places:
                    nothing[place] = False
                    if KINDS[kind] == measure:
                        planted += 1
                        missed += not is_unusual[place].any()
            nothing[: -month.judged] = False
            quiet += int(nothing.sum())
            false += int((is_unusual & nothing).sum())
        found[measure] = {
            "planted": planted,
            "missed": missed,
            "miss_rate": round(missed / planted, 4),
            "quiet_hours": quiet,
            "false_alarms": false,
            "false_alarms_a_week": round(false / quiet * _WEEK, 3),
        }
    return found


def _season(hour: NDArray[np.int64], daily: float, weekend: float) -> NDArray[np.float64]:
    by_day = 1 + daily * np.sin((hour % 24 - 8) / 24 * 2 * np.pi)
    return by_day * np.where(hour // 24 % 7 >= 5, weekend, 1.0)


def _places(
    random: np.random.Generator, judged: int, total: int, unlike: NDArray[np.bool_]
) -> Iterator[tuple[str, slice]]:
    at = total - judged + _APART
    kinds = list(KINDS)
    while at < total - _APART:
        place = slice(at, at + int(random.choice(_LENGTHS)))
        if not unlike[place].any():
            yield str(random.choice(kinds)), place
        at += _APART + int(random.integers(_APART))


def main() -> None:
    parser = argparse.ArgumentParser(description="Misses and false alarms of baselines, as JSON.")
    parser.add_argument("--apis", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=12)
    chosen = parser.parse_args()
    months = [generate(number, chosen.weeks) for number in range(chosen.apis)]
    busy = [month for month in months if month.requests.median() >= _BUSY]
    json.dump({"all": judge(months), f"of {_BUSY} requests an hour or more": judge(busy)}, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
