"""The memory that this process works with: found or configured, logged at the start, and shared out."""

import logging
from collections.abc import Iterable
from typing import Literal

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from pydantic import BaseModel, ByteSize, ConfigDict, Field

from collector.config import CollectorConfig
from storage.memory_budget import DEFAULT_LIMIT_BYTES, MemoryBudget, budget_within
from storage.memory_limit import MemoryLimit, memory_limit

_log = logging.getLogger(__name__)

# A large body is held as it was sent and unpacked.
_COPIES_OF_A_BODY = 2


class MemoryConfig(BaseModel):
    """How much memory the process may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Literal["auto"] | ByteSize = Field(
        default="auto",
        description="What the whole process is to stay below; `auto`: 2 GB, or the limit of its container or machine "
        "where that is less. A larger size is used as far as the container and the machine allow it.",
    )


def working_limit(config: MemoryConfig, available: MemoryLimit) -> MemoryLimit:
    """The limit that is worked with, and where it comes from."""
    wanted = (
        MemoryLimit(DEFAULT_LIMIT_BYTES, "default")
        if config.limit == "auto"
        else MemoryLimit(int(config.limit), "memory.limit")
    )
    return min(wanted, available, key=lambda limit: limit.size)


def memory_budget(config: MemoryConfig) -> MemoryBudget:
    """The budget for this process, which is logged; raises ConfigError where there is too little memory."""
    limit = working_limit(config, memory_limit())
    budget = budget_within(limit.size)
    _log.info("Memory is budgeted.", extra={"limit_bytes": limit.size, "limited_by": limit.source, **_parts(budget)})
    return budget


def within(budget: MemoryBudget, collector: CollectorConfig) -> CollectorConfig:
    """The same settings, with the sizes that the budget has room for."""
    segment_size = min(collector.spool.segment_size, budget.segment)
    bodies = max(budget.intake // (_COPIES_OF_A_BODY * collector.http.max_body_size), 1)
    return collector.model_copy(
        update={
            "spool": collector.spool.model_copy(update={"segment_size": ByteSize(segment_size)}),
            "http": collector.http.model_copy(
                update={"max_large_bodies": min(collector.http.max_large_bodies, bodies)}
            ),
        }
    )


def observe(meter: Meter, budget: MemoryBudget) -> None:
    """Show the limit and the parts in /metrics."""

    def limit(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(budget.limit)]

    def parts(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(size, {"part": name.removesuffix("_bytes")}) for name, size in _parts(budget).items()]

    meter.create_observable_gauge(
        "gatelens.memory.limit", callbacks=[limit], unit="By", description="What the process is to stay below."
    )
    meter.create_observable_gauge(
        "gatelens.memory.budget", callbacks=[parts], unit="By", description="What a part of the process may take."
    )


def _parts(budget: MemoryBudget) -> dict[str, int]:
    return {
        "engine_bytes": budget.engine,
        "load_bytes": budget.load,
        "query_bytes": budget.query,
        "intake_bytes": budget.intake,
        "segment_bytes": budget.segment,
    }
