"""One leader: of the processes on one database, the one that does some work."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from processors.lease.terms import Term, Terms
from processors.periodic_thread import PeriodicThread
from storage.errors import StoreError

_log = logging.getLogger(__name__)

# Who has seen a term for so long, and nothing after it, takes the next one.
LEASE_SECONDS = 40.0
RENEW_SECONDS = 10.0
# From the beginning of a claim that was won, its holder does the work; the rest of the lease is for calls under way.
WORK_SECONDS = 25.0


class Lease(Protocol):
    """Says whether this process does the work."""

    @property
    def tenure(self) -> int | None:
        """A number for as long as it does without a break; another one after a break, None while it does not."""

    def now(self) -> datetime:
        """The time by the one clock that all leaders go by."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def is_held(self) -> bool:
        """Whether this process does the work now."""


class OnlyProcess:
    """The lease of a process that has its database for itself."""

    tenure = 0
    is_held = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock

    def start(self) -> None: ...

    def stop(self) -> None: ...


class SharedLease:
    """A lease among the processes on one database, which is renewed in a thread of its own.

    No clock is compared with that of another machine: a lease is over for others when they have seen nothing new for
    its length, and for its holder earlier, counted from before it took it. docs/decisions/0026-one-leader.md has why no
    two processes hold it.
    """

    def __init__(
        self,
        terms: Terms,
        holder: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`holder` is the same for each process of a data directory, of which there is one at a time."""
        self._terms = terms
        self._holder = holder
        self._process = str(uuid.uuid4())
        self._clock = clock
        self._monotonic = monotonic
        self._tenure: int | None = None
        self._works_until = 0.0
        # The latest term that was seen, and since when; None after a time without an answer from the store.
        self._seen: tuple[int, float] | None = None
        self._ahead = timedelta()
        # Without this thread nobody would lead again: it outlives whatever breaks off a renewal.
        broke_off = "Renewing the lease broke off; it is tried again."
        self._thread = PeriodicThread("lease", RENEW_SECONDS, self.renew, broke_off, first_after_seconds=RENEW_SECONDS)

    @property
    def tenure(self) -> int | None:
        return self._tenure if self._monotonic() < self._works_until else None

    @property
    def is_held(self) -> bool:
        return self.tenure is not None

    def now(self) -> datetime:
        return self._clock() + self._ahead

    def start(self) -> None:
        """Take it at once where it is free, and keep it."""
        self.renew()
        self._thread.start()

    def stop(self) -> None:
        """Give the lease up, so that another process goes on at once."""
        self._thread.stop()
        self.release()

    def renew(self) -> None:
        """Take the lease or make it longer, where that is this process's turn."""
        begun = self._monotonic()
        try:
            latest = self._look()
            if self._is_free(latest):
                latest = self._claim(latest)
        except StoreError as error:
            # Whoever has the lease may have been as unable to renew it: it has all of it again.
            self._seen = None
            _log.warning("The store does not tell who leads; it is asked again.", extra={"error": str(error)})
            return
        is_mine = latest.process == self._process
        if is_mine:
            self._works_until = begun + WORK_SECONDS
        self._note(latest.tenure if is_mine else None)

    def release(self) -> None:
        """Give the lease up where this process has it."""
        if self.tenure is None:
            return
        self._works_until = 0.0
        try:
            latest = self._look()
            if latest.process == self._process:
                self._terms.claim(Term(latest.number + 1))
        except StoreError as error:
            _log.warning("The lease could not be given up; it ends by itself.", extra={"error": str(error)})

    def _look(self) -> Term:
        before = self._clock()
        latest, store_time = self._terms.latest()
        after = self._clock()
        self._ahead = store_time - (before + (after - before) / 2)
        if self._seen is None or self._seen[0] != latest.number:
            self._seen = latest.number, self._monotonic()
        return latest

    def _is_free(self, latest: Term) -> bool:
        """Whether the next term may be taken: the latest is nobody's, ours, or too long ago."""
        if latest.holder in ("", self._holder):
            return True
        return self._seen is not None and self._monotonic() - self._seen[1] >= LEASE_SECONDS

    def _claim(self, latest: Term) -> Term:
        number = latest.number + 1
        tenure = latest.tenure if latest.process == self._process else number
        self._terms.claim(Term(number, self._holder, self._process, tenure))
        return self._look()

    def _note(self, tenure: int | None) -> None:
        if tenure != self._tenure:
            _log.info("This process leads." if tenure is not None else "Another process leads.")
        self._tenure = tenure
