"""What tests of the collector share."""

from collections.abc import Iterator, Set
from pathlib import Path

import httpx
import pytest

from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from tests.collector.rigs.receiver_rig import Rig, receivers
from tests.collector.rigs.spooling import MakeSpool
from tests.patience import PATIENCE


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


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Receivers with the limits of `receivers`; modules that need other ones have a rig of their own."""
    with receivers(tmp_path_factory.mktemp("spool")) as started:
        yield started


@pytest.fixture(scope="module")
def client(rig: Rig) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=rig.http, trust_env=False, timeout=PATIENCE) as opened:
        yield opened
