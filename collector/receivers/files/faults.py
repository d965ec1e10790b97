"""What prevents reading: logged once when it occurs, and counted."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile

_log = logging.getLogger(__name__)


class Faults:
    """The present faults by what they are about, e.g. a path."""

    def __init__(self, count: Callable[[str], None]) -> None:
        self._count = count
        self._present: dict[str, str] = {}

    def found(self, about: str, reason: str, message: str, unexpected: Exception | None = None) -> None:
        """`reason` is for the metric: 'unreachable', 'unknown_format', 'too_large', 'failed'."""
        self._count(reason)
        if self._present.get(about) != message:
            self._present[about] = message
            _log.warning("%s", message, extra={"about": about}, exc_info=unexpected)

    def cleared(self, about: str) -> None:
        self._present.pop(about, None)

    @contextmanager
    def of(self, about: str) -> Iterator[None]:
        """Whatever fails within is a fault of one file, and ends there: the others are read."""
        try:
            yield
        except (EOFError, BadGzipFile) as error:
            self.found(about, "unreachable", f"{about} cannot be read: {error}. It is tried again when it changes.")
        except OSError as error:
            self.found(about, "unreachable", f"{about} cannot be read: {error.strerror or error}. It is tried again.")
        except Exception as error:  # an unforeseen error must not stop other files
            message = f"{about} cannot be read, by a fault of Gatelens: {error!r}. It is tried again."
            self.found(about, "failed", message, error)
