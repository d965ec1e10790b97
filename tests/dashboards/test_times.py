"""How times are written for a reader."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboards.state.times import Times

_TIMES = Times(ZoneInfo("UTC"), datetime(2026, 12, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        ("2026-12-01T01:00", "2026-12-01T02:50", "01:00 – 02:50"),
        ("2026-11-30T20:30", "2026-11-30T20:42", "30 Nov 20:30 – 20:42"),
        ("2026-11-30T04:00", "2026-12-01T02:50", "30 Nov 04:00 – 1 Dec 02:50"),
        ("2025-12-31T23:00", "2026-01-01T01:00", "31 Dec 2025 23:00 – 1 Jan 01:00"),
    ],
)
def test_both_edges_say_their_day_where_there_are_two(start: str, end: str, written: str) -> None:
    edges = (datetime.fromisoformat(f"{edge}Z") for edge in (start, end))
    assert _TIMES.between(*edges) == written
