"""Where in a statement a fault is, by the message of ClickHouse or the guard."""

import re

# Counted in bytes from 1.
_POSITION = re.compile(r"failed at position (\d+)")
_END = re.compile(r"failed at position \d+ \(end of query\)")
_WORD = re.compile(r"\w+|\S")
_NAMED = re.compile(r"`([^`]+)`|'([^']+)'|\b(?:table function|function|table|identifier) ([\w.]+)")
# Names in these are none of the statement's.
_TEXT_OR_COMMENT = re.compile(r"'(?:[^'\\]|\\.|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_SCOPE = re.compile(r":? In scope .*?(?= Maybe you meant|$)", re.DOTALL)
_EXPECTED = re.compile(r" Expected one of: (?P<tokens>.*)$", re.DOTALL)
_MOST_TOKENS = 6


def fault_place(sql: str, message: str) -> tuple[int, int] | None:
    """From and to in UTF-16 units, as browsers count; None if the message names no place."""
    found = _by_position(sql, message) or _by_name(sql, message)
    return (_utf16(sql, found[0]), _utf16(sql, found[1])) if found else None


def shortened(message: str) -> str:
    """The message without the whole statement and without long lists of what could stand in its place."""
    message = _SCOPE.sub(".", message).replace("..", ".")
    expected = _EXPECTED.search(message)
    if expected and expected["tokens"].count(",") >= _MOST_TOKENS:
        message = message[: expected.start()]
    return message


def _by_position(sql: str, message: str) -> tuple[int, int] | None:
    found = _POSITION.search(message)
    if found is None:
        return None
    at = len(sql.encode(errors="replace")[: int(found[1]) - 1].decode(errors="ignore"))
    word = _WORD.search(sql, at)
    if word is None or _END.search(message):
        end = len(sql.rstrip())
        return (max(0, end - 1), end) if end else None
    return word.span()


def _by_name(sql: str, message: str) -> tuple[int, int] | None:
    plain = _TEXT_OR_COMMENT.sub(lambda part: " " * len(part[0]), sql)
    for named in _NAMED.finditer(_SCOPE.sub("", message)):
        name = next(filter(None, named.groups()))
        place = re.search(rf"(?<![\w.]){re.escape(name.rstrip('.'))}(?!\w)", plain, re.IGNORECASE)
        if place:
            return place.span()
    return None


def _utf16(sql: str, at: int) -> int:
    return len(sql[:at].encode("utf-16-le", "surrogatepass")) // 2
