"""A large payload that is written while it arrives, so that it is never in memory as a whole."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from collector.spool.framing import Frames, Part
from collector.spool.open_segment import write_parts
from collector.spool.payload import Delivery
from collector.spool.segment import READY, Segment, renamed, seal, unwritable
from storage.durable import sync_directory


class ArrivingPayload:
    """A segment of its own for one payload of `size` bytes; `finish` or `abandon` ends it, whichever comes first.

    `keep` gets the segment, and what its body is recognised by, when it is durable. Bytes `reserve` room as they come,
    for a client may announce many and send none; what is reserved is given to `release` where nothing of it stays.
    Raises SpoolFull where there is no more room, ValueError where it has ended: a request that is cancelled does not
    stop the thread that writes for it, and its descriptor may be that of another file by then.
    """

    def __init__(
        self,
        path: Path,
        frames: Frames,
        size: int,
        keep: Callable[[Segment, Delivery | None], None],
        reserve: Callable[[int], None],
        release: Callable[[int], None],
    ) -> None:
        self._path = path
        self._frames = frames
        self._missing = size
        self._written = 0
        self._keep = keep
        self._reserve = reserve
        self._release = release
        self._change = threading.Lock()
        self._reserved = 0
        try:
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
        except OSError as error:
            raise unwritable(error) from error

    def write(self, chunks: Sequence[bytes]) -> None:
        """Take the next piece, and write what need not wait."""
        size = sum(map(len, chunks))
        with self._change:
            if self._file.closed:
                raise ValueError("The payload has ended; its file is a closed file.")
            self._take_room(size)
            for chunk in chunks:
                for parts in self._frames.add(chunk):
                    self._write(parts)
            self._missing -= size

    def finish(self, segment_id: str = "", delivery: Delivery | None = None) -> None:
        """Make it durable, under an id of its own or the given one; it may be acknowledged on return."""
        if self._missing:
            raise ValueError(f"{abs(self._missing)} bytes lie between the size of the payload and what was announced.")
        with self._change:
            self._write(self._frames.end(delivery))
            # What stands around the body.
            self._take_room(self._written - self._reserved)
            try:
                os.fsync(self._file.fileno())
                if segment_id:
                    self._path = renamed(self._path, segment_id)
                segment = seal(self._path)
                sync_directory(self._path.parent)
            except OSError as error:
                raise unwritable(error) from error
            self._keep(segment, delivery)
            self._file.close()

    def abandon(self) -> None:
        """Keep nothing of it, unless it is finished."""
        with self._change:
            if self._file.closed:
                return
            self._file.close()
            for path in (self._path, self._path.with_suffix(READY)):
                path.unlink(missing_ok=True)
            self._release(self._reserved)

    def _take_room(self, size: int) -> None:
        self._reserve(size)
        self._reserved += size

    def _write(self, parts: Sequence[Part]) -> None:
        try:
            self._written += write_parts(self._file.fileno(), parts)
        except OSError as error:
            raise unwritable(error) from error
