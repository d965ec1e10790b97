"""What a limit does to the settings."""

import logging

import pytest
from pydantic import ByteSize

from collector.config import CollectorConfig
from collector.receivers.http.config import HttpConfig
from collector.spool.config import SpoolConfig
from gatelens.configuration.config import load_config
from gatelens.machine.memory import MemoryConfig, memory_budget, within, working_limit
from storage.errors import ConfigError
from storage.memory_budget import DEFAULT_BUDGET, MemoryBudget
from storage.memory_limit import MemoryLimit

_MIB = 1 << 20


@pytest.mark.parametrize(
    ("limit", "available", "size", "source"),
    [
        ("auto", 24_000, 2_000_000_000, "default"),
        ("auto", 1024, 1024 * _MIB, "container"),
        ("8 GiB", 24_000, 8 << 30, "memory.limit"),
        ("8 GiB", 1024, 1024 * _MIB, "container"),
        ("900 MiB", 1024, 900 * _MIB, "memory.limit"),
    ],
)
def test_the_smaller_limit_is_worked_with(limit: str, available: int, size: int, source: str) -> None:
    config = MemoryConfig.model_validate({"limit": limit})
    assert working_limit(config, MemoryLimit(available * _MIB, "container")) == MemoryLimit(size, source)


def test_the_limit_is_set_by_the_environment() -> None:
    assert load_config(None, {"GATELENS_MEMORY__LIMIT": "3 GiB"}).memory.limit == 3 << 30


def test_what_is_worked_with_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        memory_budget(MemoryConfig(limit=ByteSize(1200 * _MIB)))
    [record] = caplog.records
    assert (record.limit_bytes, record.limited_by) == (1200 * _MIB, "memory.limit")  # type: ignore[attr-defined]  # of its extra


def test_a_limit_below_the_floor_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least"):
        memory_budget(MemoryConfig(limit=ByteSize(100 * _MIB)))


def test_sizes_follow_the_budget_and_are_never_raised() -> None:
    small = within(MemoryBudget(1 << 30), CollectorConfig())
    assert small.spool.segment_size < 32 * _MIB
    assert small.http.max_large_bodies == 1
    modest = CollectorConfig(
        spool=SpoolConfig(segment_size=ByteSize(_MIB)),
        http=HttpConfig(max_large_bodies=1, max_body_size=ByteSize(_MIB)),
    )
    assert within(DEFAULT_BUDGET, modest) == modest
