"""What was turned away lately, and whose it was: counters have no room for addresses."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

_log = logging.getLogger(__name__)

_LOG_EVERY_SECONDS = 60.0
_MOST_REMEMBERED = 1000
# Either may be what a client has sent.
_LONGEST_PEER, _LONGEST_MESSAGE = 100, 300


@dataclass
class Refusal:
    """Refusals of one kind, of one peer."""

    receiver: str
    reason: str
    peer: str
    count: int
    first: datetime
    last: datetime
    # The message of the last one.
    message: str


class Refusals:
    """Remembers the latest kinds of refusals, and logs each once a minute; may be used in any thread."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By when they came last.
        self._found: OrderedDict[tuple[str, str, str], Refusal] = OrderedDict()
        self._logged_at: dict[tuple[str, str, str], float] = {}

    def add(self, receiver: str, reason: str, peer: str, message: str) -> None:
        """Remember one; `receiver` and `reason` are of a few words each."""
        peer, message = peer[:_LONGEST_PEER], message[:_LONGEST_MESSAGE]
        key, now = (receiver, reason, peer), self._clock()
        moment = datetime.fromtimestamp(now, UTC)
        with self._lock:
            found = self._found.get(key)
            if found is None:
                if len(self._found) >= _MOST_REMEMBERED:
                    forgotten, _ = self._found.popitem(last=False)
                    self._logged_at.pop(forgotten, None)
                self._found[key] = Refusal(receiver, reason, peer, 1, moment, moment, message)
            else:
                found.count, found.last, found.message = found.count + 1, moment, message
                self._found.move_to_end(key)
            is_logged = now - self._logged_at.get(key, 0.0) >= _LOG_EVERY_SECONDS
            if is_logged:
                self._logged_at[key] = now
        if is_logged:
            _log.warning(
                "A connection or request was refused; repeats from this peer are logged once a minute.",
                extra={"input": receiver, "peer": peer, "reason": reason, "error": message},
            )

    def recent(self) -> list[dict[str, object]]:
        """The latest first, as JSON has them."""
        with self._lock:
            found = [asdict(refusal) for refusal in reversed(self._found.values())]
        return [{name: _as_json(value) for name, value in refusal.items()} for refusal in found]


def _as_json(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
