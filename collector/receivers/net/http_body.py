"""Where a request's body ends, which a parser does not say, and how much of it is chunk overhead."""

from collector.receivers.net.http_head import Fault

# In the scope of a request whose body is there before the application asks for it.
WHOLE_BODY: dict[str, dict[object, object]] = {"gatelens.whole_body": {}}

# The last chunk, and the trailers where there are any, end so. Text in a body may as well.
_MAYBE_END = b"\r\n\r\n"

# How much chunks may hold besides their data: sizes, extensions and trailers, as in Go's net/http.
_OVERHEAD_BYTES = 16 << 10
_OVERHEAD_PER_PIECE = 16
_OVERHEAD_PER_BYTE = 2

_TOO_LARGE = Fault(413, "body_too_large", "The body is too large; send less at a time.")
_OVERHEAD = Fault(400, "chunk_overhead", "The chunks hold too little beside extensions and trailers.")


class BodyFraming:
    """The body of one request, as its bytes come."""

    __slots__ = ("_carried", "_carried_before", "_fed", "_new", "_overhead", "_pieces", "_rest", "_tail")

    def __init__(self, size: int | None) -> None:
        """`size` is None where it comes in chunks."""
        self._rest = size
        self._tail = b""
        self._fed = self._new = self._carried = self._carried_before = self._pieces = self._overhead = 0

    def piece(self, data: bytes) -> int:
        """How many of these bytes may go to the parser at once, so that nothing behind the body goes with it."""
        if self._rest is not None:
            size = min(self._rest, len(data))
            self._rest -= size
        else:
            size = self._to_maybe_end(data)
        self._new += size
        return size

    def carried(self, size: int) -> None:
        """Note how many of the bytes given to the parser were the body itself."""
        self._carried += size
        self._pieces += 1

    def newly_fed(self) -> int:
        """Bytes that have come since this was asked last."""
        new, self._new = self._new, 0
        return new

    def fault(self, fed: int, max_size: int | None) -> Fault | None:
        """What is wrong after so many bytes went to the parser."""
        if self._rest is not None:
            return None
        if max_size is not None and self._carried > max_size:
            return _TOO_LARGE
        carried = self._carried - self._carried_before
        self._carried_before = self._carried
        allowed = carried * (1 + _OVERHEAD_PER_BYTE) + self._pieces * _OVERHEAD_PER_PIECE
        self._overhead = max(0, self._overhead + fed - allowed)
        self._pieces = 0
        return _OVERHEAD if self._overhead > _OVERHEAD_BYTES else None

    def _to_maybe_end(self, data: bytes) -> int:
        if self._tail:
            # It may have begun in the piece before.
            seam = self._tail + data[:3]
            found = seam.find(_MAYBE_END)
            size = found + len(_MAYBE_END) - len(self._tail) if found >= 0 else 0
        else:
            size = 0
        if size <= 0:
            found = data.find(_MAYBE_END)
            size = found + len(_MAYBE_END) if found >= 0 else len(data)
        self._tail = (self._tail + data[:size][-3:])[-3:]
        return size
