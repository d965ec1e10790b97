"""What logs and spans have in common: the dimensions that they can be narrowed by, and their times."""

from collections.abc import Iterable

import pandas as pd

from processors.query.conditions import Parameters, condition
from processors.query.filters import Filter
from processors.time.window import Window

# Of all dimensions, those that every record has.
DIMENSIONS = ("environment", "gateway_kind", "gateway", "instance")


def applies(chosen: Filter) -> bool:
    """Whether records have the dimension that a filter is about."""
    return chosen.dimension in DIMENSIONS


def narrowed(window: Window, filters: Iterable[Filter], parameters: Parameters) -> list[str]:
    """Conditions on a table that is called `seen`; filters by what records do not have are left out."""
    parameters |= {"start": window.start, "end": window.end}
    held = enumerate(filter(applies, filters))
    return [
        "seen.time >= {start:DateTime64(6, 'UTC')}",
        "seen.time < {end:DateTime64(6, 'UTC')}",
        *(condition(one, "seen.time", f"f{number}", parameters) for number, one in held),
    ]


def timed(found: pd.DataFrame) -> pd.DataFrame:
    """The same with `time` in UTC, to the microsecond."""
    return found if found.empty else found.assign(time=pd.to_datetime(found["time"], utc=True).dt.as_unit("us"))
