"""Which single requests belong to a window and pass filters, for what is worked out from requests themselves."""

from collections.abc import Sequence

from processors.query.conditions import Parameters, condition
from processors.query.filters import Filter
from processors.query.part import bounds
from processors.query.planner import Part
from processors.query.tables import TABLES
from processors.time.window import Window

_REQUESTS = next(table for table in TABLES if table.is_requests)
_TIME = f"seen.{_REQUESTS.time}"


def within(window: Window) -> str:
    """The condition, over `usage_requests AS seen`, that a request is of the window."""
    return f"({' AND '.join(bounds(Part(_REQUESTS, window.start, window.end), _TIME))})"


def passing(filters: Sequence[Filter], parameters: Parameters, place: str = "f") -> str:
    """The condition that a request passes all filters; what people wrote goes into `parameters`, from `place` on."""
    conditions = (condition(chosen, _TIME, f"{place}{number}", parameters) for number, chosen in enumerate(filters))
    return " AND ".join(conditions) or "1"
