"""Where one message ends and the next begins: MessagePack has no frames, so a message ends where its value ends."""

from collector.encoding.msgpack import NotWhole, Values, is_array
from collector.errors import PayloadError, PayloadTooLarge

# Tag, time, record and options.
MOST_PARTS = 4
NIL = 0xC0

# The parts of a message as they came: [tag, entries] or [tag, time, record], maybe options; of a heartbeat, nil.
Whole = tuple[memoryview, ...]


class Framer:
    """Takes bytes as they come, gives whole messages; no byte is looked at twice, however small the pieces are."""

    def __init__(self, limit: int, most_parts: int = MOST_PARTS) -> None:
        self._limit = limit
        self._most_parts = most_parts
        self._data: bytes | bytearray = b""
        self._begin()
        self._fault: PayloadError | None = None

    @property
    def size(self) -> int:
        """The bytes of the incomplete message so far."""
        return len(self._data)

    def feed(self, data: bytes) -> None:
        if not self._data:
            self._data = data
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        self._data += data

    def messages(self) -> list[Whole]:
        """The messages that are whole by now; raises PayloadError where the next can never be one."""
        found: list[Whole] = []
        if self._fault is None:
            try:
                while (message := self._next()) is not None:
                    found.append(message)
            except PayloadError as error:
                self._fault = error
        # The messages before it are whole.
        if self._fault is not None and not found:
            raise self._fault
        if found:
            # A copy, for a view would keep all that was before it; the buffer of a large message goes with it.
            self._data = bytes(self._data[self._start :])
            self._begin()
        return found

    def _begin(self) -> None:
        self._values = Values(self._limit)
        # Where the incomplete message begins, and where its header and parts end so far.
        self._start = 0
        self._ends: list[int] = []
        self._parts = 0

    def _next(self) -> Whole | None:
        if self._start == len(self._data):
            return None
        try:
            if not self._ends:
                self._begin_message(self._data[self._start])
            while len(self._ends) <= self._parts:
                self._values.skip(self._data)
                self._ends.append(self._values.end)
        except NotWhole:
            self._check_size(len(self._data) - self._start)
            return None
        self._check_size(self._ends[-1] - self._start)
        view = memoryview(self._data)
        parts = tuple(view[start:end] for start, end in zip(self._ends, self._ends[1:], strict=False))
        self._start, self._ends = self._ends[-1], []
        return parts

    def _begin_message(self, code: int) -> None:
        if code == NIL:
            # As if it were a part of something: nothing stands before it.
            self._parts, self._ends = 1, [self._start]
            return
        if not is_array(code):
            # Refuse a client of another protocol at once, not when its idle time is over.
            raise PayloadError(
                f"The client does not speak Fluent Forward (first byte 0x{code:02x}); check what it sends here, "
                "and that TLS is on for both or for neither."
            )
        self._parts = self._values.array(self._data)
        if not 1 < self._parts <= self._most_parts:
            raise PayloadError(
                "A message is not of Fluent Forward: it has to be [tag, entries] or [tag, time, record]."
            )
        self._ends = [self._values.end]

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise PayloadTooLarge(
                f"A message is larger than {self._limit} bytes; let the agent send smaller chunks, or raise "
                "collector.forward.max_chunk_size."
            )
