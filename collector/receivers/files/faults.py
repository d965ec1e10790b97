"""What stands in the way of reading: told once when it comes, and counted."""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Faults:
    """The present faults by what they are about, e.g. a path."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._present: dict[str, str] = {}

    def found(self, about: str, reason: str, message: str) -> None:
        """`reason` is for the metric: 'unreachable', 'unknown_format', 'too_large'."""
        self._count(reason)
        if self._present.get(about) != message:
            self._present[about] = message
            _log.warning("%s", message, extra={"about": about})

    def cleared(self, about: str) -> None:
        self._present.pop(about, None)
