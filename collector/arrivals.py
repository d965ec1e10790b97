"""What was accepted in the last minutes, by receiver and format: counters do not say when."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MINUTES = 5
_MINUTE_SECONDS = 60.0


@dataclass
class _Arrived:
    last: float = 0.0
    # By the minute, those that are kept.
    payloads: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Arrival:
    """Rates of the last five minutes, or of as long as there was anything; `last` in seconds since the epoch."""

    receiver: str
    format: str
    payloads_per_second: float
    bytes_per_second: float
    last: float


class Arrivals:
    """May be used in any thread; adding to it takes less than a microsecond."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], _Arrived] = {}

    def add(self, receiver: str, format_name: str, size: int) -> None:
        """A payload of so many bytes has been accepted."""
        now = self._clock()
        minute = int(now // _MINUTE_SECONDS)
        key = (receiver, format_name)
        with self._lock:
            found = self._found.get(key)
            if found is None:
                found = self._found[key] = _Arrived()
            found.last = now
            if minute not in found.payloads:
                for kept in (found.payloads, found.sizes):
                    for old in [one for one in kept if one < minute - _MINUTES]:
                        del kept[old]
                found.payloads[minute] = found.sizes[minute] = 0
            found.payloads[minute] += 1
            found.sizes[minute] += size

    def recent(self) -> list[Arrival]:
        """The largest first; one that has been idle for long has rates of 0."""
        now = self._clock()
        since = int(now // _MINUTE_SECONDS) - _MINUTES + 1
        # The present minute has not passed yet.
        seconds = max(min(now - since * _MINUTE_SECONDS, now - self._started), 1.0)
        with self._lock:
            arrivals = [
                Arrival(
                    receiver,
                    format_name,
                    sum(count for minute, count in found.payloads.items() if minute >= since) / seconds,
                    sum(size for minute, size in found.sizes.items() if minute >= since) / seconds,
                    found.last,
                )
                for (receiver, format_name), found in self._found.items()
            ]
        return sorted(arrivals, key=lambda one: (-one.bytes_per_second, one.receiver, one.format))
