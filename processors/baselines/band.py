"""The band of what is usual, hour by hour: each day is judged by what was known before it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from processors.baselines.scale import Numbers, Scale
from processors.baselines.season import DAY, WEEK, Hours, fit

# How far from the centre, in standard deviations, the band reaches. Traffic has heavier tails than the normal.
REACH = 5.0
# The share of it that is enough for two hours in a row.
IN_A_ROW = 0.7
# Days from the epoch to its first Monday.
_FIRST_MONDAY = 4
# How many hours of the past one is judged by.
PAST = 6 * WEEK


def band(values: pd.Series, requests: pd.Series, scale: Scale, judged: int) -> pd.DataFrame:
    """For consecutive hours, the last `judged` of which are judged: value, expected, lower, upper, score, is_unusual.

    `values` and `requests` are indexed by the start of each hour, in UTC. All but `value` are NaN where less than two
    weeks were known; `score` is in standard deviations from what is expected. An hour is judged by what was known
    before it, and is unusual beyond the band, or as the second one in a row that is near its edge.
    """
    hours = _hours(values)
    numbers = scale.there(values.to_numpy(dtype=np.float64))
    chance = scale.chance(requests.to_numpy(dtype=np.float64))
    total = numbers.size
    centre, spread = np.full(total, np.nan), np.full(total, np.nan)
    for start in range(total - judged, total, DAY):
        past = slice(max(start - PAST, 0), start)
        season = fit(numbers[past], hours[past], chance[past], scale.least)
        if season is None:
            continue
        day = range(start, min(start + DAY, total))
        ahead = slice(day.start, day.stop)
        levels = season.levels(season.without(numbers, hours), day)
        centre[ahead] = levels + season.of_hour[hours[ahead] % WEEK]
        # The chance in a count follows from the expected value, not from the observed one.
        by_chance = scale.chance(scale.back(centre[ahead])) if scale.is_count else chance[ahead]
        spread[ahead] = np.sqrt(season.spread**2 + by_chance)
    return _judged(values, numbers, centre, spread, scale).iloc[total - judged :]


def _hours(values: pd.Series) -> Hours:
    """Hours since a Monday's midnight in UTC."""
    epoch = pd.DatetimeIndex(values.index).as_unit("s").asi8 // 3600
    return np.asarray(epoch - _FIRST_MONDAY * DAY, dtype=np.int64)


def _judged(values: pd.Series, numbers: Numbers, centre: Numbers, spread: Numbers, scale: Scale) -> pd.DataFrame:
    score = (numbers - centre) / spread
    return pd.DataFrame(
        {
            "value": values.to_numpy(),
            "expected": scale.back(centre),
            "lower": scale.back(centre - REACH * spread),
            "upper": scale.back(centre + REACH * spread),
            "score": score,
            "is_unusual": _beyond(score) | (_beyond(-score) if scale.both_sides else False),
        },
        index=values.index,
    )


def _beyond(score: Numbers) -> NDArray[np.bool_]:
    near = np.nan_to_num(score) > REACH * IN_A_ROW
    second = near & np.concatenate([[False], near[:-1]])
    return np.asarray(second | (np.nan_to_num(score) > REACH))
