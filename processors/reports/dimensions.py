"""What a usage report can be grouped by."""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.errors import InvalidReport


@dataclass(frozen=True)
class Dimension:
    """A column to group by."""

    name: str
    # Over the columns of processors.usage_source, which the statements call `seen`.
    expression: str
    # The column of `requests` that it is read from; '' is the time, which every table has.
    column: str = ""
    # How a moment is written, for strftime and for a sheet; '' is text.
    strftime: str = ""
    sheet_format: str = ""

    @property
    def is_time(self) -> bool:
        return bool(self.strftime)


def _plain(name: str) -> Dimension:
    return Dimension(name, f"seen.{name}", column=name)


# Times are UTC.
DIMENSIONS: tuple[Dimension, ...] = (
    _plain("environment"),
    _plain("gateway_kind"),
    _plain("gateway"),
    _plain("api"),
    _plain("api_version"),
    _plain("consumer"),
    _plain("route"),
    _plain("method"),
    Dimension(
        "status_class",
        "multiIf(seen.status_2xx > 0, '2xx', seen.status_3xx > 0, '3xx', seen.status_4xx > 0, '4xx',"
        " seen.status_5xx > 0, '5xx', 'other')",
        column="status",
    ),
    Dimension("hour", "toStartOfHour(seen.time)", strftime="%Y-%m-%dT%H:%M:%SZ", sheet_format="yyyy-mm-dd hh:mm"),
    Dimension("day", "toStartOfDay(seen.time)", strftime="%Y-%m-%d", sheet_format="yyyy-mm-dd"),
    Dimension("month", "toDateTime(toStartOfMonth(seen.time), 'UTC')", strftime="%Y-%m", sheet_format="yyyy-mm"),
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
