"""Reads dead letters again: those that are understood by now become rows, the others stay as they are.

Exactly once: what is understood is written down before it is handed to the intake as a segment of its own, whose id is
made from it; when the segment is stored, its dead letters are taken away. What a stop interrupts goes on from there.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from collector.errors import InvalidReplay, ReplayUnderWay, SpoolFull
from collector.formats.descriptor import Format
from collector.formats.registry import Formats
from collector.replay.journal import Journal, Replay, State, has_kept_time, replay_of
from collector.replay.letters import DeadLetter, Selection, formats_of, letters_of, pages
from collector.replay.own_replays import EveryReplay, OwnReplays
from collector.replay.progress import Progress
from collector.replay.trial import Trial
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import stored_segments
from storage.errors import GatelensError
from storage.retry import Backoff, Stopped, retry
from storage.store import Store

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
# After this long in neither spool nor ledger, somebody has removed the segment.
_MISSING_SECONDS = 60.0
_AGAIN = Backoff(first=0.5, longest=30.0)

# Makes payloads durable as a segment of an id. Raises SpoolFull.
AcceptSegment = Callable[[str, Sequence[Payload]], None]


class Replayer:
    """One run at a time, in a thread of its own; at its start it ends what a stop has interrupted."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        formats: Formats,
        trial: Trial,
        accept: AcceptSegment,
        clock: Callable[[], datetime],
        own: OwnReplays | EveryReplay | None = None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """Of the processes on one database only the one that `leads` begins to read again; each ends its `own`."""
        self._store = store
        self._spool = spool
        self._formats = formats
        self._trial = trial
        self._accept = accept
        self._clock = clock
        self._journal = Journal(store)
        self._own = own or EveryReplay()
        self._leads = leads
        self._change = threading.Lock()
        self._progress: Progress | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="replay", daemon=True)

    @property
    def progress(self) -> Progress | None:
        """The state of the current or last run; None before the first."""
        return self._progress

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop where it is; the next start goes on with what is written down."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def begin(self, selection: Selection, read_as: str = "", *, is_dry: bool = False) -> Progress:
        """Have dead letters read again, each by its own format or all by another; returns at once.

        One that `is_dry` only counts what would become of them. Raises InvalidReplay, ReplayUnderWay.
        """
        self._check(selection, read_as)
        if not is_dry:
            self._check_leading()
        with self._change:
            if self._progress is not None and self._progress.is_running:
                raise ReplayUnderWay("Dead letters are being read again already; wait until that has ended.")
            self._progress = Progress(selection, read_as, is_dry, self._clock())
        self._wake.set()
        return self._progress

    def run(self, progress: Progress) -> None:
        """Go through the dead letters of a run. Raises GatelensError, OSError and Stopped."""
        found = formats_of(self._store, progress.selection)
        chosen = [name for name in found if progress.read_as or self._keeps_records(name)]
        progress.unreadable = {name: count for name, count in found.items() if name not in chosen}
        for letters in pages(self._store, progress.selection, chosen) if chosen else ():
            for batch in _batches(letters):
                self._raise_if_stopping()
                self._read(progress, batch)

    def finish_interrupted(self) -> None:
        """End the replays that a stop has interrupted. Raises GatelensError and Stopped."""
        for replay, state in self._journal.unfinished():
            if replay.id not in self._own:
                continue
            if state is State.BEGUN:
                if not self._spool.waiting(replay.id) and not stored_segments(self._store, replay.id):
                    self._hand_over(replay, letters_of(self._store, replay.id, replay.format))
                self._await_stored(replay)
            self._finish(replay)

    def _check_leading(self) -> None:
        if not self._leads():
            raise InvalidReplay(
                "Another Gatelens on this ClickHouse leads, and it alone reads dead letters again: two could store the "
                "same twice. Ask the one whose metric gatelens_alerts_leader is 1."
            )

    def _check(self, selection: Selection, read_as: str) -> None:
        if read_as and read_as not in self._formats.ingestible:
            raise InvalidReplay(f"{read_as!r} is no format to read as; `gatelens formats list` names them.")
        if selection.format and not read_as and not self._keeps_records(selection.format):
            raise InvalidReplay(
                f"Dead letters of {selection.format!r} cannot be read as that again: what is kept of them is no record "
                "as it came, or no format of that name is known. Name a format that reads it, as with --as json."
            )

    def _keeps_records(self, name: str) -> bool:
        known = self._formats.find(name)
        return known is not None and known.keeps_records

    def _read(self, progress: Progress, letters: Sequence[DeadLetter]) -> None:
        """Read dead letters of one format, and have those stored that are understood."""
        known = self._formats[progress.read_as or letters[0].format]
        understood = []
        for tried in self._trial.read(known, letters):
            records = len(tried.letter.origins)
            progress.read += records
            if tried.reason:
                progress.left[known.name, tried.reason] += records
            else:
                progress.understood[known.name] += records
                understood.append(tried.letter)
        if understood and not progress.is_dry:
            progress.stored += self._replay(known, understood)

    def _replay(self, known: Format, letters: Sequence[DeadLetter]) -> int:
        self._check_leading()
        replay = replay_of(letters, known.name, self._clock())
        self._own.begin(replay.id)
        self._journal.begin(replay, letters)
        self._hand_over(replay, letters)
        self._await_stored(replay)
        self._finish(replay)
        return replay.records

    def _hand_over(self, replay: Replay, letters: Iterable[DeadLetter]) -> None:
        payloads = [payload for letter in letters for payload in letter.payloads(replay.read_as)]
        if not payloads:
            return

        def is_full(error: Exception) -> bool:
            return isinstance(error, SpoolFull)

        retry(lambda: self._accept(replay.id, payloads), _AGAIN, is_full, self._stopping)

    def _finish(self, replay: Replay) -> None:
        # The ledger counts them as read again from here on, and no longer as dead letters.
        self._journal.note(replay, State.STORED)
        self._journal.delete_letters(replay)
        self._journal.note(replay, State.DONE)
        self._own.end(replay.id)

    def _await_stored(self, replay: Replay) -> None:
        """Return when all of the segment, or of what took its place, is in the tables."""
        gone_since: float | None = None
        while True:
            self._raise_if_stopping()
            if self._spool.waiting(replay.id):
                gone_since = None
            elif stored_segments(self._store, replay.id):
                return
            else:
                gone_since = gone_since or time.monotonic()
                if time.monotonic() - gone_since > _MISSING_SECONDS:
                    raise GatelensError(
                        f"The segment {replay.id} has left the spool and is not stored; see the quarantine in the data "
                        "directory. Its dead letters are kept; the next start of Gatelens hands them over again."
                    )
            self._stopping.wait(_POLL_SECONDS)

    def _raise_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _work(self) -> None:
        while not self._stopping.is_set():
            is_ended = self._has_ended_interrupted()
            progress = self._progress
            if progress is not None and progress.is_running:
                self._run_to_the_end(progress)
            self._wake.wait(None if is_ended else _AGAIN.longest)
            self._wake.clear()

    def _has_ended_interrupted(self) -> bool:
        try:
            self.finish_interrupted()
        except Stopped:
            return False
        except Exception as error:
            _log.error("A replay that was interrupted cannot be ended; it is tried again.", extra={"error": str(error)})
            return False
        return True

    def _run_to_the_end(self, progress: Progress) -> None:
        try:
            self.run(progress)
        except Stopped:
            progress.fault = "Gatelens has been stopped; what was written down goes on at the next start."
        except (GatelensError, OSError) as error:
            progress.fault = str(error)
            _log.error("Dead letters could not be read again.", extra={"error": str(error)})
        except Exception as error:
            # A thread that has ended would take no run any more.
            progress.fault = f"{type(error).__name__}: {error}"
            _log.exception("Dead letters could not be read again for an unknown reason.")
        progress.ended_at = self._clock()


def _batches(letters: Sequence[DeadLetter]) -> list[list[DeadLetter]]:
    """Apart by format, and by whether their times hold whatever their age."""
    found: defaultdict[tuple[str, bool], list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        found[letter.format, has_kept_time(letter)].append(letter)
    return list(found.values())
