"""CPU time of the process and time on the wall; what is quoted of several rounds."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Took:
    """Milliseconds: of CPU, all threads of the process together, and on the wall."""

    cpu_ms: float
    ms: float


def stopwatch() -> Took:
    """When something starts."""
    return Took(time.process_time() * 1000, time.monotonic() * 1000)


def since(started: Took) -> Took:
    ended = stopwatch()
    return Took(ended.cpu_ms - started.cpu_ms, ended.ms - started.ms)


def middle(values: Iterable[float]) -> float:
    return round(median(values), 1)


def p95(values: Iterable[float]) -> float:
    """Of few values the largest."""
    ordered = sorted(values)
    return round(ordered[-(-len(ordered) * 95 // 100) - 1], 1)
