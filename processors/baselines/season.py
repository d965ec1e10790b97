"""A season by the hour of the week, with a level that may shift, from medians alone: outliers leave no trace.

y = level + season(hour of the week) + residual, on a scale where that is so (`processors.baselines.scale`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from processors.baselines.scale import Numbers

WEEK = 168
DAY = 24
# Of the median's variance to the mean's, for normal residuals.
_OF_MEDIAN = np.pi / 2
# The standard deviation of normal residuals, by their median absolute one.
_OF_MAD = 1.4826
# A day with this share this far off, on one side, is a new level.
_SHIFTED_SHARE = 0.9
_SHIFTED = 1.5
# The share of two weeks that must be known.
_KNOWN_SHARE = 0.75

Hours = NDArray[np.int64]


@dataclass(frozen=True)
class Season:
    """What is usual after the past that it was fitted to.

    `of_hour` has a number for each hour of the week. `spread` is the standard deviation around level and season, with
    what is not known of the season itself, but without what is chance in an hour's requests; `seen` has that too.
    """

    of_hour: Numbers
    spread: float
    seen: float

    def without(self, numbers: Numbers, hours: Hours) -> Numbers:
        """The numbers without their season: level and residual."""
        return numbers - self.of_hour[hours % WEEK]

    def levels(self, without_season: Numbers, judged: range) -> Numbers:
        """The level before each of some hours: that of the week before; of the day, if that as a whole is elsewhere."""
        padded = np.concatenate([np.full(WEEK, np.nan), without_season])
        week = np.lib.stride_tricks.sliding_window_view(padded, WEEK)[judged.start : judged.stop]
        day = week[:, -DAY:]
        off = (day - _medians(week[:, :-DAY])[:, None]) / self.seen
        known = np.isfinite(day).sum(axis=1)
        on_one_side = np.maximum((off > _SHIFTED).sum(axis=1), (off < -_SHIFTED).sum(axis=1))
        is_elsewhere = (known >= DAY // 2) & (on_one_side >= _SHIFTED_SHARE * known)
        return np.where(is_elsewhere, _medians(day), _medians(week))


def fit(numbers: Numbers, hours: Hours, chance: Numbers, least: float) -> Season | None:
    """The season of a past of consecutive hours, NaN where an hour has no value; None below two weeks.

    `chance` is the variance that an hour has by its number of requests; `hours` counts hours from any beginning of a
    week on. A median of a week's length keeps the edge of a shift, and has no season in it; the season is then the
    median of what is left by each hour of the week.
    """
    known = int(np.isfinite(numbers).sum())
    if known < 2 * WEEK * _KNOWN_SHARE:
        return None
    of_hour = _by_hour_of_week(numbers - _running_median(numbers, WEEK), hours)
    level = _running_median(numbers - of_hour[hours % WEEK], 3 * DAY)
    of_hour = _by_hour_of_week(numbers - level, hours)
    without_season = numbers - of_hour[hours % WEEK]
    residuals = without_season - _running_median(without_season, 3 * DAY)
    seen = max(_OF_MAD * _median(np.abs(residuals - _median(residuals))), least)
    of_season = seen**2 * _OF_MEDIAN * WEEK / known
    own = max(seen**2 - _median(chance), least**2)
    return Season(of_hour, float(np.sqrt(own + of_season)), seen)


def _median(numbers: Numbers) -> float:
    known = numbers[np.isfinite(numbers)]
    return float(np.median(known)) if known.size else np.nan


def _medians(rows: Numbers) -> Numbers:
    return np.asarray(pd.DataFrame(rows).median(axis=1), dtype=np.float64)


def _running_median(numbers: Numbers, length: int) -> Numbers:
    series = pd.Series(numbers)
    centred = series.rolling(length, center=True, min_periods=length // 4).median()
    return np.asarray(centred.bfill().ffill(), dtype=np.float64)


def _by_hour_of_week(numbers: Numbers, hours: Hours) -> Numbers:
    """The median of each hour of the week, around 0; an hour that never had a value is as the others."""
    found = pd.Series(numbers).groupby(hours % WEEK).median().reindex(range(WEEK))
    of_hour = np.asarray(found.fillna(0.0), dtype=np.float64)
    return of_hour - float(np.median(of_hour))
