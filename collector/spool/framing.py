"""How the body of a payload becomes frames: one, or where its lines are records, several of whole lines.

ClickHouse reads a frame as one value and has everything that it makes of it in memory at once. Smaller ones take less
memory, are quicker to read, and where one is damaged, less is.
"""

from collections.abc import Callable, Iterator

from collector.spool.frame import FrameWriter
from collector.spool.payload import Delivery, Payload

# Below it, a step of ClickHouse's costs more than the lines that it is done for.
FRAME_BYTES = 4 << 20

Part = bytes | memoryview


class Frames:
    """The frames of a body of `size` bytes that comes in pieces: parts to be written in their order.

    No more than a frame of lines waits for its end, in one buffer: pieces that are kept themselves cost the page faults
    of as much memory for each frame. A line that is longer is in the last frame, with all behind it.
    """

    def __init__(self, payload: Payload, size: int, *, has_lines: bool, has_delivery: bool) -> None:
        self._payload = payload
        self._has_delivery = has_delivery
        # The part of the body that is in no frame yet.
        self._left = size
        self._buffer = bytearray()
        self._waiting = memoryview(self._buffer)
        self._waiting_size = 0
        self._last = self._writer(size, has_delivery=has_delivery)
        self._is_last = size <= FRAME_BYTES or not has_lines
        self._begun: list[Part] = [self._last.head] if self._is_last else []
        # The least total size of the frames.
        self.size = self._last.size

    def add(self, piece: bytes) -> Iterator[list[Part]]:
        """What may be written after the next piece of the body; each list before the next is asked for."""
        start = 0
        while not self._is_last and (room := FRAME_BYTES - self._waiting_size) < len(piece) - start:
            if self._waiting_size:
                self._wait(piece, start, start + room)
                start += room
                end = self._buffer.rfind(b"\n") + 1
                yield from self._frame(self._waiting[:end])
                self._waiting_size -= end
                self._waiting[: self._waiting_size] = self._waiting[end:]
            else:
                end = piece.rfind(b"\n", start, start + room) + 1
                yield from self._frame(memoryview(piece)[start:end])
                start = end or start
        if self._is_last:
            waiting = self._waiting[: self._waiting_size]
            self._waiting_size = 0
            yield [*self._taken_begun(), *_added(self._last, [waiting, memoryview(piece)[start:]])]
        else:
            self._wait(piece, start, len(piece))

    def end(self, delivery: Delivery | None) -> list[Part]:
        """What stands behind all of it; what the body is recognised by is in the last frame."""
        return [*self._taken_begun(), self._last.tail(delivery)]

    def _wait(self, piece: bytes, start: int, end: int) -> None:
        if not self._buffer:
            self._buffer = bytearray(FRAME_BYTES)
            self._waiting = memoryview(self._buffer)
        filled = self._waiting_size + end - start
        self._waiting[self._waiting_size : filled] = memoryview(piece)[start:end]
        self._waiting_size = filled

    def _frame(self, lines: memoryview) -> Iterator[list[Part]]:
        """A frame of whole lines, if there are any; the last begins where there are none, or one frame is left."""
        if lines:
            writer = self._writer(len(lines), has_delivery=False)
            yield [writer.head, *_added(writer, [lines]), writer.tail(None)]
            self._left -= len(lines)
        if not lines or self._left <= FRAME_BYTES:
            self._last = self._writer(self._left, has_delivery=self._has_delivery)
            self._is_last = True
            self._begun = [self._last.head]

    def _taken_begun(self) -> list[Part]:
        begun, self._begun = self._begun, []
        return begun

    def _writer(self, size: int, *, has_delivery: bool) -> FrameWriter:
        return FrameWriter(self._payload, size, has_delivery=has_delivery)


class Framing:
    """Knows the formats whose lines are records, each by itself."""

    def __init__(self, has_lines: Callable[[str], bool]) -> None:
        self._has_lines = has_lines

    def begin(self, payload: Payload, size: int, *, has_delivery: bool) -> Frames:
        """The frames of a body that is still to come; `payload.body` is not looked at."""
        return Frames(payload, size, has_lines=self._has_lines(payload.format), has_delivery=has_delivery)

    def parts(self, payload: Payload) -> list[Part]:
        """The frames of a payload, in parts that follow each other."""
        frames = self.begin(payload, len(payload.body), has_delivery=payload.delivery is not None)
        # Of a body that is whole, nothing waits: its parts are views of it.
        return [*(part for parts in frames.add(payload.body) for part in parts), *frames.end(payload.delivery)]


def _added(writer: FrameWriter, pieces: list[memoryview]) -> list[memoryview]:
    for piece in pieces:
        writer.add(piece)
    return pieces
