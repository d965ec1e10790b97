"""Full load in a container, killed and restarted: it comes back by itself, and everything is stored once."""

import re
import time
from pathlib import Path

import httpx
import pytest

from storage.memory_budget import FLOOR_BYTES
from tests.collector.rigs.waiting import wait_until
from tests.control_group import control_group
from tests.hardening.memory.memory_load import MemoryLoad, unbalanced_segments, wrong_batches
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_LOAD_SECONDS = 3


def _metric(gatelens: RunningGatelens, name: str) -> float:
    text = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
    found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def test_a_container_at_the_floor_comes_back_and_stores_everything(tmp_path: Path) -> None:
    with control_group(FLOOR_BYTES) as group:
        with RunningGatelens(tmp_path, group=group) as gatelens:
            assert _metric(gatelens, "gatelens_memory_limit_bytes") == FLOOR_BYTES
            load = MemoryLoad(gatelens.addresses, 7, large_bodies=2)
            load.start()
            time.sleep(_LOAD_SECONDS)
            wait_until(lambda: load.events > 10_000 and load.bombs > 0)
            gatelens.kill()
            load.stop()
        with RunningGatelens(tmp_path, group=group) as gatelens:
            wait_until(lambda: _metric(gatelens, "gatelens_spool_size_bytes") == 0)
            assert wrong_batches(gatelens, load.acknowledged) == {}
            assert unbalanced_segments(gatelens) == []
            assert _metric(gatelens, "gatelens_writer_quarantined") == 0
        assert group.kills() == 0


def test_a_container_below_the_floor_is_refused(tmp_path: Path) -> None:
    with control_group(FLOOR_BYTES - (64 << 20)) as group, pytest.raises(RuntimeError, match="did not start"):
        RunningGatelens(tmp_path, group=group).__enter__()
