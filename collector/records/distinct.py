"""Whether a body of records can come twice and be meant twice.

Two equal requests in the same second are two equal lines of most access logs, and who posts line by line sends the same
bytes twice. A load test makes a thousand of them. To store one of two is a loss that nobody notices; so only what no
sender makes twice is known by its bytes.
"""

import re
from collections.abc import Sequence

# How much of a body is looked at.
_HEAD_BYTES = 16 << 10
_HEAD_LINES = 32
# This many different records do not come again in the same order and at the same times.
_ENOUGH_RECORDS = 8

# With what it has behind the second, in one group or the other; not in a word, a path or a longer number.
_TIME = re.compile(
    rb"\d\d:\d\d:\d\d(?:[.,](\d{3,}))?|(?<![\w./-])1[6-9]\d{8}(?:\.(\d+)|(\d{3}(?:\d{3}){0,2})?(?![\d.]))"
)
_MICROSECONDS = 6
_ID = re.compile(
    rb"(?:request|req|trace|span|correlation|transaction|event|message)[_-]?id\"?\s*[:=]\s*\"?"
    rb"(?:[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16})",
    re.IGNORECASE,
)
# Where one ends and the next begins on the same line.
_BETWEEN_RECORDS = (b"}{", b"},{", b"}, {", b"} {")


def are_distinct(bodies: Sequence[bytes]) -> bool:
    """Whether records have something that no other body has: enough of them with times, fine times, or ids."""
    head = _head(bodies)
    if _TIME.search(head) is None:
        return False
    # First of all what takes the least time: a small body costs little to receive.
    return (
        _are_enough(head.split(b"\n", _HEAD_LINES)[:_HEAD_LINES])
        or _have_fine_times(head)
        or _are_enough(_records(head))
    )


def _head(bodies: Sequence[bytes]) -> bytes:
    """The beginning, without a record that is cut off: it would differ from those that are not."""
    joined = b"\n".join(body[: _HEAD_BYTES + 1] for body in bodies[:_HEAD_LINES])
    if len(joined) <= _HEAD_BYTES:
        return joined
    head = joined[:_HEAD_BYTES]
    return head[: max(head.rfind(b"\n"), head.rfind(b"{")) + 1] or head


def _are_enough(records: Sequence[bytes]) -> bool:
    return len(set(records) - {b""}) >= _ENOUGH_RECORDS


def _records(head: bytes) -> Sequence[bytes]:
    for between in _BETWEEN_RECORDS:
        head = head.replace(between, b"}\n{")
    return head.split(b"\n")


def _have_fine_times(head: bytes) -> bool:
    """Whether times distinguish a body: under load, many requests share a millisecond."""
    milliseconds: set[bytes] = set()
    for time in _TIME.finditer(head):
        fraction = time[time.lastindex] if time.lastindex else b""
        if fraction:
            milliseconds.add(time[0])
        if len(fraction) >= _MICROSECONDS or len(milliseconds) > 1:
            return True
    return len(milliseconds) == 1 and _ID.search(head) is not None
