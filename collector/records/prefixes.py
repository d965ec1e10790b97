"""Prefixes that a daemon, a container runtime or a command that shows logs puts before a line.

They are stripped, and their values kept under the names that agents use.

Compose and Swarm       flex-1  | line
kubectl --prefix        [pod/edge-7d9c8b5f66-x2x4q/flex] line           stern: edge-7d9c8b5f66-x2x4q flex line
--timestamps            2026-11-23T10:15:30.123456789Z line                    of Docker, Compose and kubectl
Docker Desktop          2026-11-23 10:15:30 line                               copied from its window
CRI                     2026-11-23T10:15:30.123456789Z stdout F line
journalctl              Nov 23 10:15:30 edge flex[712]: line                   also short-iso, -full, -unix
syslog                  <30>Nov 23 10:15:30 edge flex[712]: line               RFC 3164; in files without <30>
                        <30>1 2026-11-23T10:15:30Z edge flex 712 - - line      RFC 5424
aws logs tail           2026-11-23T10:15:30.123000+00:00 flex/app/0123…ef line of ECS and awslogs
Java Service Wrapper    INFO   | jvm 1    | 2026/11/23 10:15:30 | line         of Mule on premises
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
_BSD = r"[A-Z][a-z]{2} [ \d]\d(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d+)?"
# A word with a colon after a time may also be a logger's level.
_HOST = r"(?P<host>(?!(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL)\b)[\w.:-]+)"
_PROGRAM = r"(?P<program>[A-Za-z_(][^\s:\[\]|]*)(?:\[(?P<pid>\d+)\])?:(?: |$)"
_DATA = r'(?:-|(?:\[[^\s\]="]+(?: [^\s=\]"]+="(?:[^"\\]|\\.)*")*\])+)'
_PRIORITY = r"(?:\d+ )?<(?P<priority>\d{1,3})>"
_COLOUR = r"(?:\x1b\[[\d;]*m)*"
_POD = r"[a-z0-9][a-z0-9.-]*"


class Prefix(NamedTuple):
    """A prefix by its pattern, which ends where the line begins.

    Unless it `is_certain`, a line may begin like that by itself: it counts only before a line of a known format.
    Formats of programs that log to syslog may read its prefix themselves.
    """

    pattern: "re.Pattern[str]"
    is_certain: bool = True
    is_of_syslog: bool = False


def _prefix(pattern: str, *, is_certain: bool = True, is_of_syslog: bool = False) -> Prefix:
    return Prefix(re.compile(pattern, re.ASCII), is_certain, is_of_syslog)


_SYSLOG = _prefix(
    rf"{_PRIORITY}(?P<time>{_BSD}|{_ISO}) (?:{_HOST} )?{_PROGRAM}", is_of_syslog=True
)  # fmt: skip
_SYSLOG_5424 = _prefix(
    rf"{_PRIORITY}1 (?:-|(?P<time>{_ISO})) (?:-|(?P<host>\S+)) (?:-|(?P<program>\S+)) (?:-|(?P<pid>\S+)) \S+ {_DATA}"
    r"(?: (?:\ufeff|\xef\xbb\xbf)?|$)",
    is_of_syslog=True,
)
_JOURNAL = _prefix(
    rf"(?P<time>{_BSD}|{_ISO}|\d{{10}}\.\d{{6}}) {_HOST} {_PROGRAM}", is_certain=False, is_of_syslog=True
)
_JOURNAL_FULL = _prefix(
    rf"[A-Z][a-z]{{2}} (?P<time>\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z]+) {_HOST} {_PROGRAM}", is_certain=False
)
_JOURNAL_MONOTONIC = _prefix(rf"\[ *\d+\.\d{{6}}\] {_HOST} {_PROGRAM}", is_certain=False)
_KUBECTL = _prefix(rf"\[pod/(?P<pod>{_POD})/(?P<container>{_POD})\](?: |$)")
_STERN = _prefix(
    rf"(?P<pod>{_POD}-[bcdfghjklmnpqrstvwxz2456789]{{5}}) (?P<container>{_POD}) ", is_certain=False
)  # fmt: skip
_CRI = _prefix(rf"(?P<time>{_ISO}) (?P<stream>stdout|stderr) (?P<part>[PF])(?::\S*)?(?: |$)")
# Docker and kubectl always write nine digits.
_TIMESTAMP = _prefix(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d))(?: |$)", is_certain=False
)  # fmt: skip
_DESKTOP = _prefix(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: |$)", is_certain=False)
_ECS = _prefix(rf"(?P<time>{_ISO}) (?P<container>[\w.-]+/[\w./-]+/[0-9a-f]{{32}})(?: |$)")
_WRAPPER = _prefix(
    r"(?:(?P<level>STATUS|DEBUG|INFO|NOTICE|WARN|ERROR|FATAL) +\| )?(?P<jvm>jvm \d+|wrapper[pm]?) +\|"
    r"(?: (?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?) \|)?(?: |$)",
    is_certain=False,
)
_COMPOSE = _prefix(
    rf"{_COLOUR}(?P<container>[A-Za-z0-9][\w.-]*)(?:@(?P<host>[\w.-]+))? +\|{_COLOUR}(?: |$){_COLOUR}", is_certain=False
)

# By the first letter of a line: which it may be, in the order in which they are tried.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BY_LETTER: Mapping[str, tuple[Prefix, ...]] = {
    "<": (_SYSLOG, _SYSLOG_5424),
    "[": (_KUBECTL, _JOURNAL_MONOTONIC),
    "\x1b": (_COMPOSE,),
    **dict.fromkeys(_LETTERS, (_WRAPPER, _COMPOSE, _STERN)),
    **dict.fromkeys(_LETTERS.upper(), (_JOURNAL, _JOURNAL_FULL, _WRAPPER, _COMPOSE)),
}
# Most lines that begin with a digit begin with an address; these are a year, a number of seconds, or a length.
_AFTER_YEAR = (_CRI, _ECS, _TIMESTAMP, _JOURNAL, _DESKTOP)
_OF_DIGITS = (_JOURNAL, _SYSLOG, _SYSLOG_5424, _COMPOSE, _STERN)
_DIGITS = re.compile(r"\d{10}\.\d{6} |\d+ <|(?>\w*?[a-zA-Z-])[\w.-]*+ ")

# How one within another may stand, as a time behind a name.
_MOST_PREFIXES = 3
_LONGEST_PREFIX = 2 << 10

# RFC 5424's severities up to notice; below them the line's own level counts.
_GRAVE = frozenset("012345")
_LEVELS = {"STATUS": "INFO"}
_KEYS = {
    "host": "_HOSTNAME",
    "program": "SYSLOG_IDENTIFIER",
    "pid": "_PID",
    "stream": "stream",
    # Of the Java Service Wrapper, which writes its own lines as well as its JVM's.
    "jvm": "source",
}


class Unwrapped(NamedTuple):
    """A line, the fields of its prefixes, and the first of them."""

    line: str
    fields: dict[str, Any]
    prefix: Prefix


def unwrapped(text: str) -> Unwrapped | None:
    """A line without its prefixes; None where it has none."""
    first: Prefix | None = None
    fields: dict[str, Any] = {}
    for _ in range(_MOST_PREFIXES):
        found = _found(text)
        if found is None:
            break
        prefix, end, groups = found
        _add_fields(groups, fields)
        first = first or prefix
        text = text[end:]
    return Unwrapped(text, fields, first) if first else None


def _found(text: str) -> tuple[Prefix, int, Mapping[str, str | None]] | None:
    for prefix in _candidates(text):
        if found := prefix.pattern.match(text, 0, _LONGEST_PREFIX):
            return prefix, found.end(), found.groupdict()
    return None


def _candidates(text: str) -> Sequence[Prefix]:
    letter = text[:1]
    if not letter.isdecimal():
        return _BY_LETTER.get(letter, ())
    if text[4:5] == "-":
        return _AFTER_YEAR
    return _OF_DIGITS if _DIGITS.match(text) else ()


def _add_fields(groups: Mapping[str, str | None], fields: dict[str, Any]) -> None:
    """Add a prefix's fields under the names of Fluent Bit, Docker and the journal; outer prefixes win."""
    if pod := groups.get("pod"):
        fields.setdefault("kubernetes", {"pod_name": pod, "container_name": groups["container"]})
    elif container := groups.get("container"):
        fields.setdefault("container_name", container)
    if (priority := groups.get("priority")) and (level := str(int(priority) & 7)) in _GRAVE:
        fields.setdefault("PRIORITY", level)
    if (name := groups.get("level")) and not (groups["jvm"] or "").startswith("jvm"):
        fields.setdefault("level", _LEVELS.get(name, name))
    if part := groups.get("part"):
        fields.setdefault("logtag", part)
    if time := groups.get("time"):
        # The inner one is closer to the program.
        fields["time"] = time
    for group, key in _KEYS.items():
        if value := groups.get(group):
            fields.setdefault(key, value)
