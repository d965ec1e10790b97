"""The rollups that are filled in the background. A new one is an entry of ROLLUPS, and its `.sql`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from processors.errors import UnknownRollup
from processors.time.window import DAY, HOUR


@dataclass(frozen=True)
class Rollup:
    """A table of that name, filled by the statement of that name from another table."""

    name: str
    # 'requests', or another rollup, which comes before it in ROLLUPS.
    source: str
    # How much time is filled at once.
    unit: timedelta
    # Whether it still counts requests that have been deleted; one that only finds them is dropped with them.
    outlives_requests: bool = True


ROLLUPS: tuple[Rollup, ...] = (
    Rollup("api_10m", "requests", HOUR),
    Rollup("route_1h", "requests", HOUR),
    Rollup("consumer_1h", "requests", HOUR),
    Rollup("fault_10m", "requests", HOUR),
    Rollup("edge_10m", "requests", HOUR),
    Rollup("id_1h", "requests", HOUR, outlives_requests=False),
    Rollup("api_1d", "api_10m", DAY),
    Rollup("consumer_1d", "consumer_1h", DAY),
)


def chosen(names: Collection[str]) -> tuple[Rollup, ...]:
    """The rollups of these names and those that are made of them; all where there is no name. Raises UnknownRollup."""
    known = [rollup.name for rollup in ROLLUPS]
    for name in names:
        if name not in known:
            raise UnknownRollup(f"{name!r} is no rollup that can be made anew; use any of {', '.join(known)}.")
    return tuple(rollup for rollup in ROLLUPS if not names or rollup.name in names or rollup.source in names)
