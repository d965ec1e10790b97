"""The segment ledger is reconciled while Gatelens runs: what was accepted, what the ledger says, what the tables hold.

Each segment is compared once, shortly after it was stored: what retention or a user deletes later is no difference.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from collector.spool.spool import Spool
from collector.writer.ledger_balance import Mismatch, entries, known, mismatches, mismatches_of
from collector.writer.reconciliation_progress import Progress, read_progress, write_progress
from collector.writer.segment_ledger import stored_segments
from storage.errors import StoreError
from storage.store import Store

_log = logging.getLogger(__name__)

# They are named in statements, whose length is limited; the others have their turn in the next comparison.
_SEGMENTS_AT_ONCE = 1_000
# Each of these may take a statement of its own.
_MISSING_AT_ONCE = 200
_SHOWN_IN_LOG = 10


class ReconciliationConfig(BaseModel):
    """How the segment ledger is compared with the tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: float = Field(default=60, ge=0.1, le=3600, description="Seconds between two comparisons.")
    delay: int = Field(default=30, ge=0, le=3600, description="Seconds for which a segment has been stored by then.")


class Reconciler:
    """A thread that compares what has been stored since the last comparison, until it is stopped.

    Make it before the writer starts: what waited at the last stop has to be in the spool or in the ledger by then.
    """

    def __init__(
        self, store: Store, spool: Spool, path: Path, clock: Callable[[], datetime], config: ReconciliationConfig
    ) -> None:
        self._store = store
        self._spool = spool
        self._path = path
        self._clock = clock
        self._interval = config.interval
        self._delay = timedelta(seconds=config.delay)
        self._progress = read_progress(path, clock())
        self._is_kept = False
        # Segments that are no longer in the spool and that nobody is known to have stored.
        self._missing = set(self._progress.waiting) - spool.unstored()
        self._missing_change = threading.Lock()
        self._reconciled_at = 0.0
        self._failure = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reconciler", daemon=True)

    @property
    def differences(self) -> int:
        """How many segments do not balance."""
        return self._progress.count

    @property
    def reconciled_at(self) -> float:
        """When the last comparison ended, in seconds since the epoch; 0 before the first."""
        return self._reconciled_at

    @property
    def fault(self) -> str:
        """Which segments do not balance, and the cure; '' while all do."""
        progress = self._progress
        if not progress.differences:
            return ""
        others = f" ({progress.count - 1:,} more do not balance either)" if progress.count > 1 else ""
        return (
            f"{progress.differences[0]}{others}. Send what is missing again, if its sender still has it; "
            f"then delete {self._path}, which lists the segments, to accept the difference."
        )

    def lost(self, segment_id: str) -> None:
        """Note that a segment has left the spool and may not be stored."""
        with self._missing_change:
            self._missing.add(segment_id)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop, and note what waits in the spool."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        self._thread.join()
        try:
            self._keep()
        except OSError as error:
            self._failed(error)

    def reconcile(self) -> None:
        """Compare everything that has been stored for long enough. Raises StoreError and OSError."""
        self._drop_accepted()
        self._confirm_suspects()
        self._drop_balanced()
        self._compare_stored()
        self._look_for_missing()
        self._reconciled_at = self._clock().timestamp()
        self._keep()

    def _confirm_suspects(self) -> None:
        """Look again at what did not seem to balance; segments that are being stored remain suspects."""
        waiting = self._spool.unstored()
        judged = [one for one in self._progress.suspects if one not in waiting][:_SEGMENTS_AT_ONCE]
        found = mismatches_of(self._store, judged)
        left = tuple(one for one in self._progress.suspects if one not in set(judged))
        self._add(replace(self._progress, suspects=left), found)

    def _drop_balanced(self) -> None:
        """Drop the differences that are none by now: another process on the server may store late what it has begun."""
        listed = [one.segment_id for one in self._progress.differences if one.records is not None][:_MISSING_AT_ONCE]
        unbalanced = {one.segment_id for one in mismatches_of(self._store, listed)}
        # What is in the ledger no more has been deleted, and not been cured.
        self._progress = self._progress.without(known(self._store, listed) - unbalanced)

    def _compare_stored(self) -> None:
        """Move on to now, with whatever does not seem to balance as suspects."""
        until = self._clock() - self._delay
        while not self._stopping.is_set():
            entered = entries(self._store, self._progress.until, until, self._delay, _SEGMENTS_AT_ONCE)
            if not entered:
                return
            suspects = {*self._progress.suspects, *(one.segment_id for one in mismatches(self._store, entered))}
            self._progress = replace(self._progress, until=entered[-1].stored, suspects=tuple(sorted(suspects)))

    def _look_for_missing(self) -> None:
        """Look for the missing segments in the ledger, in whole or in parts, and whether former ones came back."""
        with self._missing_change:
            judged = sorted(self._missing)[:_MISSING_AT_ONCE]
        stored = known(self._store, judged)
        gone = [name for name in judged if name not in stored and not self._is_replaced(name)]
        came_back = known(self._store, [one.segment_id for one in self._progress.differences if one.records is None])
        with self._missing_change:
            self._missing.difference_update(judged)
        self._add(self._progress.without(came_back), [Mismatch(name, None, 0) for name in gone])

    def _add(self, progress: Progress, found: Sequence[Mismatch]) -> None:
        self._progress = progress.with_differences(found)
        if found:
            _log.error(
                "Segments do not balance: what was accepted is not what is stored.",
                extra={"segments": len(found), "first": [str(one) for one in found[:_SHOWN_IN_LOG]]},
            )

    def _is_replaced(self, segment_id: str) -> bool:
        """Whether other segments have taken its place; their ids go on behind its own."""
        prefix = f"{segment_id}~"
        return bool(self._spool.waiting(prefix) or stored_segments(self._store, prefix))

    def _drop_accepted(self) -> None:
        """Drop the differences whose file somebody has deleted."""
        if self._is_kept and not self._path.exists():
            self._progress = replace(self._progress, suspects=(), differences=(), count=0)

    def _keep(self) -> None:
        # Deleted in the middle of a comparison, it would be written again with what was accepted.
        self._drop_accepted()
        with self._missing_change:
            missing = set(self._missing)
        self._progress = replace(self._progress, waiting=tuple(sorted(self._spool.unstored() | missing)))
        write_progress(self._path, self._progress)
        self._is_kept = True

    def _failed(self, error: Exception) -> None:
        if str(error) != self._failure:
            _log.error("The ledger could not be reconciled; it is tried again.", extra={"error": str(error)})
        self._failure = str(error)

    def _work(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = self._interval
            try:
                self.reconcile()
            except (StoreError, OSError) as error:
                self._failed(error)
            except Exception:
                # A thread that has ended would find nothing any more.
                _log.exception("A comparison of the ledger broke off; the next one is tried.")
            else:
                self._failure = ""
