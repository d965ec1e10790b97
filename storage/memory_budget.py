"""Who may take how much of the memory, so that all of them together stay within the limit."""

from dataclasses import dataclass

from storage.errors import ConfigError

# Without a setting not more is worked with, however large the machine is: 2 GB is what a full load is to take.
DEFAULT_LIMIT_BYTES = 2_000_000_000
# docs/decisions/0015-memory-budgets.md has what was measured below.
FLOOR_BYTES = 1 << 30

# Libraries as they are mapped, Python, threads, and what allocators hold back.
_PROCESS_BYTES = 320 << 20
_INTAKE_SHARE = 1 / 8
_LARGEST_INTAKE_BYTES = 1 << 30
# With its views a load may take up to three times as much, or all of the engine's memory (0008-load-memory.md).
_LOAD_SHARE = 0.5
_LARGEST_LOAD_BYTES = 2 << 30
_LARGEST_QUERY_BYTES = 1 << 30
# Most formats take fewer times as many bytes as are in a segment.
_SEGMENT_SHARE_OF_LOAD = 1 / 12


@dataclass(frozen=True)
class MemoryBudget:
    """Bytes for each part, derived from the limit."""

    limit: int

    @property
    def intake(self) -> int:
        """Bodies and messages in Python, from a client's bytes to the disk."""
        return min(int(self.limit * _INTAKE_SHARE), _LARGEST_INTAKE_BYTES)

    @property
    def engine(self) -> int:
        """ClickHouse, with everything that it caches and holds back."""
        return self.limit - _PROCESS_BYTES - self.intake

    @property
    def load(self) -> int:
        """Reading one segment."""
        return min(int(self.engine * _LOAD_SHARE), _LARGEST_LOAD_BYTES)

    @property
    def query(self) -> int:
        """One query of a person's."""
        return min(self.engine // 2, _LARGEST_QUERY_BYTES)

    @property
    def segment(self) -> int:
        """A segment that can be expected to be read within `load`."""
        return int(self.load * _SEGMENT_SHARE_OF_LOAD)

    def engine_settings(self) -> dict[str, str | int]:
        """ClickHouse's server settings for an engine that is embedded."""
        settings: dict[str, str | int] = {
            "max_server_memory_usage": self.engine,
            "merges_mutations_memory_usage_soft_limit": self.engine // 4,
            "mark_cache_size": self.engine // 16,
            "primary_index_cache_size": self.engine // 16,
            "index_mark_cache_size": self.engine // 64,
            "query_condition_cache_size": self.engine // 64,
            "compiled_expression_cache_size": self.engine // 32,
        }
        if self.limit < DEFAULT_LIMIT_BYTES:
            # Held to what its allocator holds, instead of what it believes to hold. That costs loads a fifth of their
            # CPU time, which is only worth it where memory is short.
            settings |= {"memory_worker_use_cgroup": 0, "memory_worker_correct_memory_tracker": 1}
        return settings


DEFAULT_BUDGET = MemoryBudget(DEFAULT_LIMIT_BYTES)


def budget_within(limit: int) -> MemoryBudget:
    """The budget for so many bytes; raises ConfigError where they are too few."""
    if limit < FLOOR_BYTES:
        raise ConfigError(
            f"Gatelens needs at least {FLOOR_BYTES >> 20} MiB of memory and may take {limit >> 20} MiB; give its "
            "container more, or raise memory.limit."
        )
    return MemoryBudget(limit)
