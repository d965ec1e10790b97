"""What a usage report can be grouped by."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.errors import InvalidReport
from processors.query.question import TIME


@dataclass(frozen=True)
class Dimension:
    """A column to group by."""

    name: str
    # What a question calls it.
    asked: str
    # How a moment is written, for strftime and for a sheet; '' is text.
    strftime: str = ""
    sheet_format: str = ""

    @property
    def is_time(self) -> bool:
        return bool(self.strftime)


# Times are UTC.
DIMENSIONS: tuple[Dimension, ...] = (
    *(Dimension(name, name) for name in ("environment", "gateway_kind", "gateway", "api")),
    Dimension("api_version", "version"),
    *(Dimension(name, name) for name in ("consumer", "route", "method", "status_class")),
    Dimension("hour", TIME, strftime="%Y-%m-%dT%H:%M:%SZ", sheet_format="yyyy-mm-dd hh:mm"),
    Dimension("day", "date", strftime="%Y-%m-%d", sheet_format="yyyy-mm-dd"),
    Dimension("month", "month", strftime="%Y-%m", sheet_format="yyyy-mm"),
)


def dimensions(names: Sequence[str]) -> tuple[Dimension, ...]:
    """The dimensions of these names, in this order; raises InvalidReport."""
    known = {dimension.name: dimension for dimension in DIMENSIONS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidReport(
            f"A report cannot be grouped by {', '.join(map(repr, unknown))}; use any of {', '.join(known)}."
        )
    if not names:
        raise InvalidReport(f"A report needs something to group by; use any of {', '.join(known)}.")
    if len(set(names)) < len(names):
        raise InvalidReport(f"A dimension is named twice in {','.join(names)!r}; name each one once.")
    return tuple(known[name] for name in names)
