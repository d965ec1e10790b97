from pathlib import Path

import pytest

from processors.reports.dimensions import DIMENSIONS
from processors.reports.renderers import RENDERERS
from processors.reports.usage import COUNTS, LATENCIES

DOCUMENT = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
NAMES = (
    *(dimension.name for dimension in DIMENSIONS),
    *(known.name for known in RENDERERS),
    *COUNTS,
    *LATENCIES,
)


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_a_report_can_hold_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT
