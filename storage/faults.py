"""ClickHouse's errors as ours: short, and sorted by what the caller can do about them."""

import re

from storage.errors import (
    DiskFull,
    GatelensError,
    QueryFailed,
    QueryLimitExceeded,
    QueryMemoryExceeded,
    QueryStopped,
    StoreError,
    StoreUnavailable,
)

# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_LIMIT_CODES = frozenset({158, 159, 160, 241, 307, 396})
_MEMORY_CODE = 241
_STOPPED_CODE = 394
_FULL_CODE = 243
_UNAVAILABLE_CODES = frozenset({198, 202, 209, 210, 236, 242, 279, 425, 999})
_REFUSED_CODES = frozenset({192, 193, 194, 516})
_NO_DATABASE_CODE = 81

# How a system says so, in the text of whatever ClickHouse was writing.
_SYSTEM_IS_FULL = re.compile(r"No space left on device|Disk quota exceeded")
# Of no file and no size: it is told to everybody.
_FULL = (
    "ClickHouse has no room left on its disk. Free some space on it, or move the data to a larger disk; what is stored "
    "there is not harmed."
)

# That a file exists, may not be read, or that nobody listens at an address, reveals the machine.
_MACHINE_CODES = frozenset({24, 73, 74, 75, 76, 77, 80, 107, 198, 210, 209, 291, 481, 497, 636, 1001})

_REMARK_ON_SETTINGS = re.compile(r" ?\([^()]*\bsettings?\b[^()]*\)", re.I)
_SENTENCE_ON_SETTINGS = re.compile(r"(?:(?<=\. )|^)[^.]*(?:\bsettings?\b|\bset `)[^.]*(?:\.|$)", re.I)

# Not of loads and migrations, which nobody can make smaller by it.
_CURE_OF_LIMITS = "Narrow the time range, or aggregate more."

_CODE = re.compile(r"Code:\s*(\d+)")
# Of the statement itself; that the whole server or a user has no more may be different in a moment.
_OWN_MEMORY = re.compile(r"[Qq]uery memory limit exceeded|[Mm]emory limit \(for query\) exceeded")
_NOISE = re.compile(
    r"Code:\s*\d+\.\s*|DB::Exception:\s*|\(version [^()]*(?:\([^()]*\)[^()]*)?\)|Stack trace(?: \([^()]*\))?:.*"
    r"|\s*\([A-Z0-9_]+\)\s*$",
    re.DOTALL,
)
# What the driver puts around the words of a server, and around those of the system about a connection.
_ROUND_SERVER = re.compile(
    r"^Received ClickHouse exception, code: \d+(?:, server response: )?|\s*\(for url [^()]*\)\s*$"
)
_ROUND_CONNECTION = re.compile(
    r"^Error (?:\w+\(host='[^']*', port=\d+\): )?(?:Max retries exceeded with url: \S+ \(Caused by )?"
    r"|\)? executing HTTP request attempt \d+ \([^()]*\)$"
)
# Of a proxy in front of a server.
_HTTP_STATUS = re.compile(r"HTTP driver received HTTP status (?:429|5\d\d)")


def for_people(error: StoreError) -> GatelensError:
    """The same error for a person, without what is on this machine or which settings there are."""
    if isinstance(error, DiskFull):
        return error
    if isinstance(error, QueryLimitExceeded):
        return with_cure(type(error)(_without_settings(error)))
    cause = error.__cause__
    if cause is None:
        return error
    if _code(getattr(cause, "code", None), str(cause)) in _MACHINE_CODES or "errno" in str(cause):
        return QueryFailed("The query would reach beyond the tables; read from those that SHOW TABLES tells.")
    return type(error)(_without_settings(error) or "ClickHouse refused the query; write it more simply.")


def _without_settings(error: StoreError) -> str:
    return _SENTENCE_ON_SETTINGS.sub("", _REMARK_ON_SETTINGS.sub("", str(error))).strip()


def with_cure(error: GatelensError) -> GatelensError:
    """The same error for somebody who chose what is asked, and can ask for less where it is beyond a limit."""
    return type(error)(f"{error} {_CURE_OF_LIMITS}".strip()) if isinstance(error, QueryLimitExceeded) else error


def query_error(code: int | None, message: str) -> StoreError:
    """The error of ours for an error of ClickHouse's, without its stack trace, version and code."""
    code = _code(code, message)
    text = _ROUND_CONNECTION.sub("", _ROUND_SERVER.sub("", message))
    text = _NOISE.sub("", _NOISE.sub("", text)).strip() or "ClickHouse gave no reason"
    if code == _MEMORY_CODE and _OWN_MEMORY.search(message):
        return QueryMemoryExceeded(text)
    if code == _STOPPED_CODE:
        return QueryStopped("The query was stopped; run it again if you need its result.")
    if code == _FULL_CODE or _SYSTEM_IS_FULL.search(message):
        return DiskFull(_FULL)
    if code in _LIMIT_CODES:
        return QueryLimitExceeded(text)
    if code in _UNAVAILABLE_CODES or (code is None and ("onnection" in message or _HTTP_STATUS.search(message))):
        return StoreUnavailable(f"ClickHouse did not answer: {text}")
    return QueryFailed(text)


def cannot_connect(place: str, setting: str, code: int | None, message: str) -> StoreUnavailable:
    """The error of ours where a server is not reached, or lets nobody in; `place` names it without a secret.

    `setting` is the one that it was to be reached by.
    """
    code = _code(code, message)
    if code in _REFUSED_CODES:
        return StoreUnavailable(f"ClickHouse at {place} refuses the user or the password; check `{setting}`.")
    if code == _NO_DATABASE_CODE:
        return StoreUnavailable(
            f"ClickHouse at {place} has no such database; create it, or name another in `{setting}`."
        )
    return StoreUnavailable(f"ClickHouse at {place} does not answer; check `{setting}` and that it runs.")


def _code(code: int | None, message: str) -> int | None:
    if code is not None:
        return code
    found = _CODE.search(message)
    return int(found[1]) if found else None
