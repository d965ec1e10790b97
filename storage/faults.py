"""ClickHouse's errors as ours: short, and sorted by what the caller can do about them."""

import re

from storage.errors import QueryFailed, QueryLimitExceeded, QueryMemoryExceeded, StoreError, StoreUnavailable

# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_LIMIT_CODES = frozenset({158, 159, 160, 241, 307, 396})
_MEMORY_CODE = 241
_UNAVAILABLE_CODES = frozenset({198, 202, 209, 210, 242, 279, 425, 999})

_CODE = re.compile(r"Code:\s*(\d+)")
# Of the statement itself; that the whole server or a user has no more may be different in a moment.
_OWN_MEMORY = re.compile(r"[Qq]uery memory limit exceeded|[Mm]emory limit \(for query\) exceeded")
_NOISE = re.compile(
    r"Code:\s*\d+\.\s*|DB::Exception:\s*|\(version [^()]*(?:\([^()]*\)[^()]*)?\)|Stack trace:.*|\s*\([A-Z0-9_]+\)\s*$",
    re.DOTALL,
)


def query_error(code: int | None, message: str) -> StoreError:
    """The error of ours for an error of ClickHouse's, without its stack trace, version and code."""
    if code is None:
        found = _CODE.search(message)
        code = int(found[1]) if found else None
    text = _NOISE.sub("", _NOISE.sub("", message)).strip() or "ClickHouse gave no reason"
    if code == _MEMORY_CODE and _OWN_MEMORY.search(message):
        return QueryMemoryExceeded(f"{text} Narrow the time range, or aggregate more.")
    if code in _LIMIT_CODES:
        return QueryLimitExceeded(f"{text} Narrow the time range, or aggregate more.")
    if code in _UNAVAILABLE_CODES or (code is None and "onnection" in message):
        return StoreUnavailable(f"ClickHouse did not answer: {text}")
    return QueryFailed(text)
