"""The writer: sealed segments in, rows in ClickHouse out, each segment exactly once."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.prometheus.families import Families
from collector.formats.registry import Formats
from collector.formats.transform import Transform, transform
from collector.spool.segment import Segment
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.attempts import Attempt, Attempts
from collector.writer.fast_paths import FastPaths
from collector.writer.quarantine import Quarantine
from collector.writer.recovery import Recovery
from collector.writer.segment_ledger import enter_empty
from storage.errors import QueryFailed, QueryLimitExceeded, QueryMemoryExceeded, StoreError
from storage.retry import Backoff, Stopped, retry
from storage.store import Store

_log = logging.getLogger(__name__)

_BACKOFF = Backoff(first=0.5, longest=30.0)
_POLL_SECONDS = 0.2


class WriterConfig(BaseModel):
    """How segments are stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(default=1, ge=1, le=16, description="Segments that are transformed and stored side by side.")
    stop_timeout: float = Field(
        default=20.0,
        ge=0,
        le=3600,
        description="Seconds that a stop stores what is sealed; the rest is stored by the next start.",
    )


class Writer:
    """Threads that store sealed segments until they are stopped.

    A segment leaves the spool only after ClickHouse has answered. What fails is tried again, with the same
    deduplication token, for as long as it takes; a payload that can never be read becomes a dead
    letter.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        transforms: TransformConfig,
        metrics: CollectorMetrics,
        directory: Path,
        config: WriterConfig | None = None,
        lost: Callable[[str], None] = lambda segment_id: None,
        formats: Formats = FORMATS,
        families: Families | None = None,
    ) -> None:
        """In `directory` it keeps notes on segments that are being stored, and those that it cannot store; `lost` hears
        of segments that have left the spool and that this writer has not stored.
        """
        self._attempts = Attempts(directory / "loads", store)
        self._quarantine = Quarantine(directory / "quarantine")
        # A segment that a process died of is tried alone.
        self._alone = threading.Lock()
        self._store = store
        self._spool = spool
        self._transforms = transforms
        self._formats = formats
        self._families = families or Families()
        self._metrics = metrics
        self._lost = lost
        self._recovery = Recovery(store, spool, transforms, formats)
        self._fast_paths = FastPaths()
        self._stop_timeout = (config or WriterConfig()).stop_timeout
        self._stopping = threading.Event()
        self._failing = ""
        metrics.observe_quarantine(lambda: len(self._quarantine.segments()))
        self._threads = [
            threading.Thread(target=self._work, name=f"writer-{number}", daemon=True)
            for number in range((config or WriterConfig()).workers)
        ]

    @property
    def failing(self) -> str:
        """Why the last attempt to store failed; '' while all is well."""
        return self._failing

    @property
    def quarantine_fault(self) -> str:
        """Why segments are in quarantine; '' where none are."""
        return self._quarantine.fault()

    def start(self) -> None:
        kept = {segment.id for segment in self._quarantine.segments()}
        self._attempts.forget_all_but(kept.union(self._spool.waiting("")))
        for thread in self._threads:
            thread.start()

    def stop(self, drain: bool = True) -> None:
        """Stop after the segments that are sealed now, or after the current one where `drain` is false.

        What ClickHouse does not take, or not within `stop_timeout`, stays in the spool for the next start.
        """
        deadline = time.monotonic() + self._stop_timeout
        # Not the backlog: what is in work may be split, and its parts wait then.
        while drain and not self._failing and (left := self._spool.waiting("")):
            if time.monotonic() >= deadline:
                _log.warning(
                    "Not everything could be stored before the stop; the rest stays in the spool for the next start.",
                    extra={"segments": len(left), "stop_timeout": self._stop_timeout},
                )
                break
            time.sleep(_POLL_SECONDS / 4)
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def store(self, segment: Segment) -> None:
        """Store one segment and take it out of the spool. Raises StoreError; the segment then stays."""
        known = self._formats.find(segment.format)
        if known is None:
            _log.error(
                "A segment is in a format that this version does not know, and stays in the spool; start the version "
                "that wrote it, or move the file away.",
                extra={"segment": segment.path.name},
            )
            self._spool.leave(segment)
            return
        if not segment.is_checked and (dead_letters := self._recovery.mend(segment)) is not None:
            self._metrics.recovered(known.name, dead_letters)
            return
        started = time.monotonic()
        attempt = self._attempts.begin(segment)
        if attempt.is_hopeless:
            self._quarantine_segment(segment, attempt)
            return
        try:
            is_stored = self._stored(known, segment, attempt)
            if is_stored:
                enter_empty(self._store, segment)
        except (StoreError, OSError) as error:
            self._attempts.failed(segment, by_memory=isinstance(error, QueryLimitExceeded))
            raise
        if is_stored:
            self._spool.remove(segment)
        # Not before its file is gone: without the note it would count as one that was never tried.
        self._attempts.forget(segment)
        if not is_stored:
            return
        lag = (time.time_ns() - segment.created_ns) / 1e9
        self._metrics.stored(known.name, time.monotonic() - started, lag)

    def _stored(self, known: Format, segment: Segment, attempt: Attempt) -> bool:
        """Whether the segment is stored; where it is not, others have taken its place in the spool."""
        if not attempt.is_inherited:
            return self._stored_by_fast_path(known, segment, attempt) or self._stored_or_split(known, segment)
        with self._alone:
            if self._attempts.has_stored_nothing(segment, attempt):
                self._attempts.loading(segment, by_fast_path=False)
                return self._stored_or_split(known, segment, tight=True)
            return self._completed_by_fast_path(known, segment, attempt) or self._completed(known, segment)

    def _completed_by_fast_path(self, known: Format, segment: Segment, attempt: Attempt) -> bool:
        """Whether what a killed process began by a fast path is ended by it; where not, nothing is stored by it."""
        fast_path = known.fast_path
        if fast_path is None or not attempt.by_fast_path:
            return False
        try:
            self._load(fast_path, segment, roomy=True)
        except QueryFailed:
            if self._fault(fast_path, segment) is None:
                raise
            self._attempts.loading(segment, by_fast_path=False)
            return False
        return True

    def _completed(self, known: Format, segment: Segment) -> bool:
        """Like `_stored`, for a segment that a killed process may have stored a part of: it must not be cut.

        Unless it cannot be read at all, however much memory there is: then nothing of it has been stored.
        """
        if self._was_sifted(known, segment):
            return False
        try:
            self._load(known, segment, roomy=True)
        except QueryFailed:
            if not isinstance(self._fault(known, segment), QueryFailed) or not self._was_split(known, segment):
                raise
            return False
        return True

    def _quarantine_segment(self, segment: Segment, attempt: Attempt) -> None:
        kept = self._quarantine.add(segment)
        self._spool.remove(segment)
        self._attempts.give_up(segment)
        _log.error(
            "A segment cannot be stored with the memory there is, and is quarantined; give Gatelens more, and move the "
            "file back into the spool while it is stopped.",
            extra={"path": str(kept), "deaths": attempt.deaths, "refusals": attempt.refusals},
        )

    def _stored_or_split(self, known: Format, segment: Segment, *, tight: bool = False) -> bool:
        """Like `_stored`, for a segment with nothing stored yet; a `tight` one is cut before it is tried."""
        if self._was_sifted(known, segment) or (tight and self._was_split(known, segment, tight=True)):
            return False
        try:
            self._load(known, segment)
        except (QueryFailed, QueryMemoryExceeded) as error:
            if self._was_split(known, segment):
                return False
            if not isinstance(error, QueryMemoryExceeded):
                raise
            # It can be read within the limit; only its way into the tables takes more.
            self._load(known, segment, roomy=True)
        return True

    def _was_sifted(self, known: Format, segment: Segment) -> bool:
        return self._was_replaced(known, self._recovery.sift(known, segment))

    def _was_split(self, known: Format, segment: Segment, *, tight: bool = False) -> bool:
        return self._was_replaced(known, self._recovery.split(known, segment, tight=tight))

    def _was_replaced(self, known: Format, dead_letters: int | None) -> bool:
        if dead_letters is not None:
            self._metrics.recovered(known.name, dead_letters)
        return dead_letters is not None

    def _stored_by_fast_path(self, known: Format, segment: Segment, attempt: Attempt) -> bool:
        """Whether a fast path has stored the segment; where it has not, it has stored nothing of it."""
        fast_path = known.fast_path if attempt.by_fast_path else self._fast_paths.of(known)
        if fast_path is None:
            return False
        self._attempts.loading(segment, by_fast_path=True)
        try:
            self._load(fast_path, segment)
        except (QueryFailed, QueryMemoryExceeded) as error:
            if self._fault(fast_path, segment) is not None:
                self._fast_paths.failed(known)
                self._attempts.loading(segment, by_fast_path=False)
                return False
            # Some tables may have it already, and what is begun under a token is ended by the same statement.
            if not isinstance(error, QueryMemoryExceeded):
                raise
            self._load(fast_path, segment, roomy=True)
        return True

    def _fault(self, known: Format, segment: Segment) -> StoreError | None:
        """Why a segment cannot be read; None where it can."""
        of = self._transform(known, segment)
        try:
            self._store.trial(of.statement, of.table, of.columns, of.schema)
        except (QueryFailed, QueryMemoryExceeded) as error:
            return error
        return None

    def _load(self, known: Format, segment: Segment, *, roomy: bool = False) -> None:
        of = self._transform(known, segment)
        self._store.load(of.statement, of.table, of.columns, segment.id, of.schema, roomy=roomy)

    def _transform(self, known: Format, segment: Segment) -> Transform:
        return transform(known, segment.id, segment.path, self._transforms, self._families.fragments())

    def _work(self) -> None:
        while not self._stopping.is_set():
            segment = self._spool.take(_POLL_SECONDS)
            if segment is not None:
                self._store_until_done(segment)

    def _store_until_done(self, segment: Segment) -> None:
        def failed(error: Exception, pause: float) -> None:
            self._failed(segment, error, pause)

        try:
            # Whatever the error: a dead thread would store nothing more, and nobody would notice.
            retry(lambda: self._store_or_give_up(segment), _BACKOFF, lambda error: True, self._stopping, failed)
        except Stopped:
            self._spool.give_back(segment)
        else:
            self._failing = ""

    def _store_or_give_up(self, segment: Segment) -> None:
        try:
            self.store(segment)
        except (StoreError, OSError):
            if segment.path.exists():
                raise
            self._give_up(segment)

    def _failed(self, segment: Segment, error: Exception, pause: float) -> None:
        self._metrics.failed(segment.format)
        if isinstance(error, (StoreError, OSError)):
            self._failing = str(error)
            _log.error(
                "A segment could not be stored; it stays in the spool and is tried again.",
                extra={"segment_id": segment.id, "error": str(error), "retry_seconds": round(pause, 1)},
            )
            return
        self._failing = f"{type(error).__name__}: {error}"
        _log.error(
            "A segment could not be stored for an unknown reason; it is tried again.",
            exc_info=error,
            extra={"segment_id": segment.id, "retry_seconds": round(pause, 1)},
        )

    def _give_up(self, segment: Segment) -> None:
        """Somebody has moved the file away, as the error about an unknown format advises."""
        _log.error("A segment has left the spool unstored.", extra={"segment": segment.path.name})
        self._spool.remove(segment)
        self._lost(segment.id)
