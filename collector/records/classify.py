"""Which format each record of a batch is in, and the line that an agent has put into it.

Every way in for records sorts them here, so that the same record becomes the same rows whichever way it came. A record
in which an agent has put a line is of that line's format; any other is told by its keys.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from collector.formats.detect import are_lines_of, line_format, record_format

Record = Mapping[str, Any]
Member = TypeVar("Member")

# The format of any record.
ANYTHING = "json"
# Formats whose lines are whole records, with the agent's time and whatever else is in them.
WHOLE_RECORDS = frozenset({ANYTHING, "flex", "fluent_metrics"})

# The key under which agents put a line that they have not parsed,
_LINE = "log"
# and another, where nothing but the agent's own words stands beside it.
_OTHER_LINE = "message"
_BESIDE_A_LINE = frozenset({
    _OTHER_LINE, "kubernetes", "docker", "container_id", "container_name", "source", "stream", "time", "logtag", "_p",
    "hostname", "host", "file", "filename", "filepath", "path", "offset", "tag", "date", "@timestamp",
    # Of Vector, Filebeat and Logstash; theirs is an object.
    "timestamp", "source_type", "agent", "ecs", "input", "fields", "tags", "cloud", "container", "@version", _LINE,
})  # fmt: skip

# What tells the output of one container or file from that of another.
_SOURCE = ("kubernetes", "container_id", "container_name", "file", "filename", "filepath", "path")

# Their records go on over lines that tell no format by themselves.
OF_MANY_LINES = frozenset({"mule_log", "mule_analytics"})

# In each JSON object of a format that we know there is one of these; most objects of applications have none.
_IN_OBJECTS = (
    '"response_code"',
    '"upstream_cluster"',
    '"received_ts"',
    '"loggerName"',
    '"resource',
    "flex-",
    'Log"',
)
_OF_OBJECTS = frozenset({"envoy_json", "mule_analytics", "mule_log", "flex"})
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class Sorter:
    """Tells the formats of records, a batch after the other.

    A record may go on over lines of the next batch, so each stream of records has a sorter of its own.
    """

    def __init__(self) -> None:
        # The format of the last record that tells one.
        self._likely = ""
        # That record, where more lines may belong to it; of a text, nothing that tells its source.
        self._opened: Record | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next lines may go on with the last record."""
        return self._opened is not None

    def formats_of(self, records: Sequence[Record]) -> list[str]:
        """The format of each record, '' for a blank line; one that goes on with the last of Mule's log is of that."""
        lines = [record.get(_LINE) for record in records[:1]]
        if lines and isinstance(lines[0], str) and (name := text_format(lines[0])):
            # As most batches are, they may all be alike.
            lines += [record.get(_LINE) for record in records[1:]]
            if are_lines_of(name, lines):
                self._tell(name, line_of(records[-1]), records[-1])
                return [name] * len(records)
        found = []
        for record in records:
            line = line_of(record)
            name = (text_format(line, self._likely) if line else "") or record_format(record)
            if name:
                self._tell(name, line, record)
            elif self._opened is not None and line and _is_of_one_source(record, self._opened):
                name = self._likely
            elif is_blank(record):
                found.append("")
                continue
            found.append(name or ANYTHING)
        return found

    def formats_of_texts(self, texts: Sequence[str]) -> list[str]:
        """The same of lines, each of which may go on over more; '' where they tell none."""
        if texts and (name := text_format(texts[0])) and are_lines_of(name, texts):
            self._tell(name, texts[-1], {})
            return [name] * len(texts)
        found = []
        for text in texts:
            name = text_format(text, self._likely) if text else ""
            if name:
                self._tell(name, text, {})
            found.append(name or (self._likely if self.is_open else ""))
        return found

    def _tell(self, name: str, line: str, record: Record) -> None:
        self._likely = name
        self._opened = record if name in OF_MANY_LINES and not line.startswith("{") else None


def text_format(text: str, likely: str = "") -> str:
    """The format of a line, '' where it tells none; `likely` is that of the line before it."""
    if not text.startswith("{"):
        return line_format(text, likely)
    if not (likely in _OF_OBJECTS or any(told in text for told in _IN_OBJECTS)):
        return ""
    name = object_format(text)
    # An object over many lines is no line, but where a format has such.
    return name if name in OF_MANY_LINES or "\n" not in text[:-1] else ""


def object_format(line: str | bytes) -> str:
    """The format of an object by its keys; '' for that of anything, and for what is none."""
    try:
        return record_format(_OBJECT.decode(line))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def is_blank(record: Record) -> bool:
    """Whether a record is of a line with nothing in it: such a line of a file is no record either."""
    line = record.get(_LINE)
    return isinstance(line, str) and not line.strip() and record.keys() <= _BESIDE_A_LINE


def line_of(record: Record) -> str:
    """The line that an agent has put into a record; '' where it has put none."""
    line = record.get(_LINE)
    if not isinstance(line, str) and _OTHER_LINE in record and record.keys() <= _BESIDE_A_LINE:
        line = record[_OTHER_LINE]
    return line if isinstance(line, str) else ""


def _is_of_one_source(record: Record, other: Record) -> bool:
    return all(record.get(key) == other.get(key) for key in _SOURCE)


def grouped(members: Sequence[Member], formats: Sequence[str]) -> dict[str, list[Member]]:
    """What is of each format, in its order; the formats in that of their first."""
    groups: defaultdict[str, list[Member]] = defaultdict(list)
    if len(set(formats)) == 1:
        groups[formats[0]] = list(members)
        return groups
    for name, member in zip(formats, members, strict=True):
        groups[name].append(member)
    return groups
