"""The blocking part of following files: look, read a batch, and write down what is about to be handed over."""

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.errors import PayloadError
from collector.formats.dead_letters.descriptor import UNDECODABLE
from collector.formats.registry import Formats
from collector.receivers.files.checkpoints import Checkpoints, CheckpointsUnsaved, Pending, State
from collector.receivers.files.config import FilesConfig
from collector.receivers.files.faults import Faults
from collector.receivers.files.tail import Piece, Tail, Truncated
from collector.receivers.files.tracking import Tracking
from collector.spool.payload import Payload

_log = logging.getLogger(__name__)

# Looking for files takes this part of the time at most.
_LOOKING_SHARE = 0.05


@dataclass(frozen=True)
class Batch:
    """Pieces of files, written down under an id; the same pieces always come under it."""

    id: str
    received_at_us: int
    pieces: Sequence[Piece]

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)

    def segments(self) -> dict[str, list[Payload]]:
        """The payloads by the id of the segment that they become: one for each format."""
        found: dict[str, list[Payload]] = defaultdict(list)
        for piece in self.pieces:
            record = piece.tail.record
            for format_name, body, place in piece.parts:
                gateway, peer = place.gateway or record.gateway, place.instance or record.peer
                found[f"files-{self.id}-{format_name}"].append(
                    Payload(format_name, body, self.received_at_us, record.environment, gateway, peer)
                )
        return found


class Rounds:
    """Used by one thread at a time.

    A batch is saved as pending before it is handed over: who is killed in between hands over the same again, under the
    same id, and the store takes an id once.
    """

    def __init__(
        self,
        config: FilesConfig,
        checkpoints: Checkpoints,
        faults: Faults,
        clock_ns: Callable[[], int],
        formats: Formats,
    ) -> None:
        self._config = config
        self._checkpoints = checkpoints
        self._faults = faults
        self._clock_ns = clock_ns
        state = checkpoints.load()
        self._pending = state.pending
        self._tracking = Tracking(config, state, faults, lambda: clock_ns() / 1e9, formats)
        self._unsaved = False
        self._look_at = 0.0
        self._turn = 0

    def next(self) -> Batch | None:
        """The piece to hand over now, already checkpointed; None if there is none. Raises CheckpointsUnsaved."""
        self._refresh()
        if self._pending is not None:
            return self._again(self._pending)
        try:
            return self._new_batch()
        except BaseException:
            self._rewind()
            raise

    def handed_over(self, batch: Batch) -> None:
        """A batch is durable; the next save says so."""
        for piece in batch.pieces:
            piece.tail.handed_over(piece.end)
        self._pending = None
        self._unsaved = True

    def is_full(self, batch: Batch) -> bool:
        """Whether there is likely more to read at once."""
        return batch.size >= self._config.batch_size // 2

    def close(self) -> None:
        """Save what has been handed over, so that the next start has nothing to repeat."""
        try:
            if self._unsaved:
                self._save(None)
        except CheckpointsUnsaved as error:
            _log.warning("%s", error)
        self._tracking.close()

    def _new_batch(self) -> Batch | None:
        pieces = self._gather()
        if pieces:
            batch = Batch(uuid.uuid4().hex, self._clock_ns() // 1000, pieces)
            self._save(Pending(batch.id, batch.received_at_us, [piece.part for piece in pieces]))
            return batch
        if self._unsaved or self._tracking.changed:
            self._save(None)
        return None

    def _refresh(self) -> None:
        started = time.monotonic()
        if started < self._look_at:
            return
        self._tracking.refresh()
        took = time.monotonic() - started
        self._look_at = started + max(self._config.poll_interval, took / _LOOKING_SHARE)

    def _again(self, pending: Pending) -> Batch:
        """The batch that was about to be handed over when we were stopped."""
        tails = {tail.record.id: tail for tail in self._tracking.tails}
        pieces = []
        for part in pending.parts:
            tail = tails.get(part.file)
            if tail is None:
                continue
            with self._faults.of(tail.record.path):
                if (piece := tail.again(part)) is not None:
                    pieces.append(piece)
        if len(pieces) < len(pending.parts):
            _log.warning("Files went while Gatelens was stopped, and what was being read of them with them.")
        return Batch(pending.id, pending.received_at_us, pieces)

    def _gather(self) -> list[Piece]:
        """Pieces of all files in turn, each of a block at most, until the batch is full."""
        pieces: list[Piece] = []
        room = int(self._config.batch_size)
        tails = self._in_turn()
        while tails and room > 0:
            more = []
            for tail in tails:
                piece = self._next(tail)
                if piece is not None:
                    pieces.append(piece)
                    more.append(tail)
                    room -= piece.size
                if room <= 0:
                    break
            tails = more
        return pieces

    def _in_turn(self) -> list[Tail]:
        """The files, another one first each time, so that none waits for ever behind large ones."""
        tails = self._tracking.tails
        self._turn = (self._turn + 1) % max(1, len(tails))
        return tails[self._turn :] + tails[: self._turn]

    def _next(self, tail: Tail) -> Piece | None:
        path = tail.record.path
        piece = None
        with self._faults.of(path):
            try:
                piece = tail.next()
            except Truncated:
                self._tracking.start_over(tail)
            except PayloadError as error:
                self._faults.found(path, "unknown_format", str(error))
        if piece is not None:
            self._faults.cleared(path)
            self._warn_of_long_lines(tail, piece)
        return piece

    def _warn_of_long_lines(self, tail: Tail, piece: Piece) -> None:
        if any(part.format == UNDECODABLE.name for part in piece.parts):
            path, limit = tail.record.path, tail.record.max_line_size
            self._faults.found(
                f"lines of {path}",
                "too_large",
                f"{path} has lines of more than {limit} bytes, whose beginnings are dead letters. If they are meant, "
                "raise max_line_size in collector.files.",
            )

    def _rewind(self) -> None:
        for tail in self._tracking.tails:
            tail.rewind()

    def _save(self, pending: Pending | None) -> None:
        state = State(begun=self._tracking.begun, files=self._tracking.records(), pending=pending)
        self._checkpoints.save(state)
        self._pending = pending
        self._unsaved = False
        self._tracking.changed = False
