"""The writer: sealed segments in, rows in ClickHouse out, each segment exactly once."""

import logging
import threading
import time

from pydantic import BaseModel, ConfigDict, Field

from collector.fast_paths import FastPaths
from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.formats.transform import Transform, transform
from collector.salvage import Salvage
from collector.spool.segment import Segment
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.errors import QueryFailed, QueryMemoryExceeded, StoreError
from storage.store import Store

_log = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 30.0
_POLL_SECONDS = 0.2


class WriterConfig(BaseModel):
    """How segments are stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workers: int = Field(default=1, ge=1, le=16, description="Segments that are transformed and stored side by side.")


class Writer:
    """Threads that store sealed segments until they are stopped.

    A segment leaves the spool only after ClickHouse has answered. What fails is tried again, with the same
    deduplication token, for as long as it takes; a payload that can never be read is set aside as a dead
    letter.
    """

    def __init__(
        self,
        store: Store,
        spool: Spool,
        transforms: TransformConfig,
        metrics: CollectorMetrics,
        config: WriterConfig | None = None,
        formats: Formats = FORMATS,
    ) -> None:
        self._store = store
        self._spool = spool
        self._transforms = transforms
        self._formats = formats
        self._metrics = metrics
        self._salvage = Salvage(store, spool, transforms, formats)
        self._fast_paths = FastPaths()
        self._stopping = threading.Event()
        self._failing = ""
        self._threads = [
            threading.Thread(target=self._work, name=f"writer-{number}", daemon=True)
            for number in range((config or WriterConfig()).workers)
        ]

    @property
    def failing(self) -> str:
        """Why the last attempt to store failed; '' while all is well."""
        return self._failing

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, drain: bool = True) -> None:
        """Stop after the segments that are sealed now, or after the current one where `drain` is false.

        What ClickHouse does not take stays in the spool for the next start.
        """
        # Not the backlog: what is in work may be split, and its parts wait then.
        while drain and not self._failing and self._spool.waiting(""):
            time.sleep(_POLL_SECONDS / 4)
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def store(self, segment: Segment) -> None:
        """Store one segment and take it out of the spool. Raises StoreError; the segment then stays."""
        known = self._formats.find(segment.format)
        if known is None:
            raise StoreError(
                f"{segment.path.name} is in a format that this version does not know; start the version that wrote it, "
                "or move the file out of the spool."
            )
        started = time.monotonic()
        if not self._stored_by_fast_path(known, segment) and not self._stored_or_split(known, segment):
            return
        self._spool.remove(segment)
        lag = (time.time_ns() - segment.created_ns) / 1e9
        self._metrics.stored(known.name, time.monotonic() - started, lag)

    def _stored_or_split(self, known: Format, segment: Segment) -> bool:
        """Whether the segment is stored; where it is not, others have taken its place in the spool."""
        set_aside = self._salvage.sift(known, segment)
        if set_aside is not None:
            self._metrics.salvaged(known.name, set_aside)
            return False
        try:
            self._load(known, segment)
        except (QueryFailed, QueryMemoryExceeded) as error:
            set_aside = self._salvage.split(known, segment)
            if set_aside is not None:
                self._metrics.salvaged(known.name, set_aside)
                return False
            if not isinstance(error, QueryMemoryExceeded):
                raise
            # It can be read within the limit; only its way into the tables takes more.
            self._load(known, segment, roomy=True)
        return True

    def _stored_by_fast_path(self, known: Format, segment: Segment) -> bool:
        """Whether a fast path has stored the segment; where it has not, it has stored nothing of it."""
        fast_path = self._fast_paths.of(known)
        if fast_path is None:
            return False
        try:
            self._load(fast_path, segment)
        except (QueryFailed, QueryMemoryExceeded) as error:
            if not self._can_be_read(fast_path, segment):
                self._fast_paths.failed(known)
                return False
            # Some tables may have it already, and what is begun under a token is ended by the same statement.
            if not isinstance(error, QueryMemoryExceeded):
                raise
            self._load(fast_path, segment, roomy=True)
        return True

    def _can_be_read(self, known: Format, segment: Segment) -> bool:
        of = self._transform(known, segment)
        try:
            self._store.trial(of.statement, of.table, of.columns, of.schema)
        except (QueryFailed, QueryMemoryExceeded):
            return False
        return True

    def _load(self, known: Format, segment: Segment, *, roomy: bool = False) -> None:
        of = self._transform(known, segment)
        self._store.load(of.statement, of.table, of.columns, segment.id, of.schema, roomy=roomy)

    def _transform(self, known: Format, segment: Segment) -> Transform:
        return transform(known, segment.id, segment.path, self._transforms)

    def _work(self) -> None:
        while not self._stopping.is_set():
            segment = self._spool.take(_POLL_SECONDS)
            if segment is not None:
                self._store_until_done(segment)

    def _store_until_done(self, segment: Segment) -> None:
        pause = _FIRST_RETRY_SECONDS
        while True:
            try:
                self.store(segment)
            except (StoreError, OSError) as error:
                if not segment.path.exists():
                    self._give_up(segment)
                    return
                self._failing = str(error)
                self._metrics.failed(segment.format)
                _log.error(
                    "A segment could not be stored; it stays in the spool and is tried again.",
                    extra={"segment_id": segment.id, "error": str(error), "retry_seconds": pause},
                )
            else:
                self._failing = ""
                return
            if self._stopping.wait(pause):
                self._spool.give_back(segment)
                return
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)

    def _give_up(self, segment: Segment) -> None:
        """Somebody has moved the file away, as they are told to do with one of a format that is not known."""
        _log.error("A segment has left the spool unstored.", extra={"segment": segment.path.name})
        self._spool.remove(segment)
        self._failing = ""
