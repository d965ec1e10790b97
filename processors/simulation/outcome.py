"""What a simulation finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.simulation.policies import AnyPolicy, ResponseCache
from processors.time.window import Window


@dataclass(frozen=True)
class Counter:
    """The outcome for one consumer, address, API or resource; '' is what the rows do not name."""

    key: str
    requests: int
    # Refused; of a cache, answered by it.
    stopped: int
    # Let through after a wait.
    delayed: int
    # The most that came in one window of the policy.
    highest: int
    # The steps in which the first and the last were stopped.
    first: datetime | None
    last: datetime | None

    @property
    def share(self) -> float:
        return self.stopped / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class Step:
    """The outcome of a step of the window."""

    time: datetime
    requests: int
    stopped: int
    delayed: int


@dataclass(frozen=True)
class Outcome:
    """The whole, who is concerned, and when."""

    policy: AnyPolicy
    window: Window
    requests: int
    stopped: int
    delayed: int
    # Of a cache: what upstreams would have been spared, in seconds.
    saved_seconds: float
    # Those with the most stopped requests first.
    counters: tuple[Counter, ...]
    counters_concerned: int
    steps: tuple[Step, ...]
    # Requests by how many came in their window.
    bursts: Mapping[int, int]
    # What the rows cannot show.
    caveats: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.stopped / self.requests if self.requests else 0.0

    @property
    def is_cache(self) -> bool:
        return isinstance(self.policy, ResponseCache)
