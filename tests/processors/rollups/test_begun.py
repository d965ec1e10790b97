"""Of roll-ups that are filled as requests are stored, the oldest rows may have been deleted."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from processors.rollups.coverage import RollupCoverage
from storage.sql import load
from storage.store import Store

_NOW = datetime(2026, 12, 1, tzinfo=UTC)
# As the driver gives them, without a zone.
_NONE = datetime(1970, 1, 1)
_HOUR, _TIME = datetime(2026, 5, 4, 3), datetime(2026, 5, 4, 3, 20)


class _Told:
    """A store of which the oldest times of api_1m, api_1h, api_1d and requests are told, and nothing else."""

    def __init__(self, *oldest: datetime) -> None:
        self._oldest = oldest

    def rows(self, sql: str, _parameters: object = None) -> list[tuple[Any, ...]]:
        return [self._oldest] if sql == load("processors.rollups", "oldest") else []


@pytest.mark.parametrize(
    ("oldest", "minutes", "hours"),
    [
        ((_NONE, _NONE, _NONE, _NONE), 0, 0),
        # All began on one day; days and hours begin before their first request.
        ((_TIME, _HOUR, datetime(2026, 5, 4), _TIME), 0, 0),
        ((_TIME, datetime(2026, 3, 1), datetime(2026, 3, 1), datetime(2026, 9, 1)), 4, 0),
        ((_TIME, _HOUR, _NONE, datetime(2026, 3, 1)), 4, 3),
    ],
)
def test_what_others_tell_of_was_deleted(oldest: tuple[datetime, ...], minutes: int, hours: int) -> None:
    covered = RollupCoverage(cast(Store, _Told(*oldest)), lambda: _NOW)()
    for name, hour in (("api_1m", minutes), ("api_1h", hours)):
        stretches = covered.get(name)
        if not hour:
            assert stretches is None
        else:
            assert stretches is not None
            assert stretches[0][0] == datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=hour)
