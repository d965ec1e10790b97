"""What tests of the collector share."""

from collections.abc import Iterator, Set
from pathlib import Path

import pytest

from collector.spool.spool import Spool, SpoolConfig
from tests.collector.spooling import MakeSpool


@pytest.fixture
def make_spool(tmp_path: Path) -> Iterator[MakeSpool]:
    opened: list[Spool] = []

    def make(light: Set[str] = frozenset(), **settings: float) -> Spool:
        # Nothing is sealed by age here unless a test asks for it.
        config = SpoolConfig.model_validate({"segment_age": 60} | settings)
        opened.append(Spool(tmp_path, config, light))
        return opened[-1]

    yield make
    for spool in opened:
        spool.close()
