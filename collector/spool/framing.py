"""How the body of a payload becomes frames: one, or where its lines are records, several of whole lines.

ClickHouse reads a frame as one value and has everything that it makes of it in memory at once. Smaller ones take less
memory, are quicker to read, and where one is damaged, less is.
"""

from collections.abc import Callable

from collector.spool.frame import FrameWriter
from collector.spool.payload import Delivery, Payload

# Below it, a step of ClickHouse's costs more than the lines that it is done for.
FRAME_BYTES = 4 << 20

Part = bytes | memoryview


class Frames:
    """The frames of a body of `size` bytes that comes in pieces: parts to be written in their order.

    No more than a frame of lines waits for its end. A line that is longer is in the last frame, with all behind it.
    """

    def __init__(self, payload: Payload, size: int, *, has_lines: bool, has_delivery: bool) -> None:
        self._payload = payload
        self._has_delivery = has_delivery
        self._left = size
        # What waits for the end of its frame: whole lines, and the beginning of another.
        self._lines: list[memoryview] = []
        self._beginning: list[memoryview] = []
        self._waiting = 0
        self._last = self._writer(size, has_delivery=has_delivery)
        self._is_last = size <= FRAME_BYTES or not has_lines
        self._begun: list[Part] = [self._last.head] if self._is_last else []
        # What the frames take together, at least.
        self.size = self._last.size

    def add(self, piece: bytes) -> list[Part]:
        """What may be written after the next piece of the body."""
        parts, self._begun = self._begun, []
        view, start = memoryview(piece), 0
        while not self._is_last and (room := FRAME_BYTES - self._waiting) < len(piece) - start:
            end = piece.rfind(b"\n", start, start + room) + 1
            if end:
                self._end_line(view[start:end])
                start = end
            parts += self._frame() if self._lines else self._begin_last()
        if self._is_last:
            return [*parts, *_added(self._last, [view[start:]])]
        if end := piece.rfind(b"\n", start) + 1:
            self._end_line(view[start:end])
            start = end
        self._beginning.append(view[start:])
        self._waiting += len(piece) - start
        return parts

    def end(self, delivery: Delivery | None) -> list[Part]:
        """What stands behind all of it; what the body is recognised by is in the last frame."""
        return [*self._begun, self._last.tail(delivery)]

    def _end_line(self, lines: memoryview) -> None:
        self._lines += [*self._beginning, lines]
        self._beginning = []
        self._waiting += len(lines)

    def _frame(self) -> list[Part]:
        """A frame of the lines that wait, and where no more than one is left, the beginning of the last."""
        lines, self._lines = self._lines, []
        size = sum(map(len, lines))
        self._waiting -= size
        self._left -= size
        writer = self._writer(size, has_delivery=False)
        whole: list[Part] = [writer.head, *_added(writer, lines), writer.tail(None)]
        return [*whole, *self._begin_last()] if self._left <= FRAME_BYTES else whole

    def _begin_last(self) -> list[Part]:
        self._last = self._writer(self._left, has_delivery=self._has_delivery)
        self._is_last = True
        return [self._last.head, *_added(self._last, self._beginning)]

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
        return [*frames.add(payload.body), *frames.end(payload.delivery)]


def _added(writer: FrameWriter, pieces: list[memoryview]) -> list[memoryview]:
    for piece in pieces:
        writer.add(piece)
    return pieces
