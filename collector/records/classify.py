"""Which format each record of a batch is in, and the line that an agent has put into it.

Every input for records classifies them here, so that the same record becomes the same rows whichever way it came.
A record in which an agent has put a line is of that line's format; any other is recognised by its keys.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import msgspec

from collector.formats.descriptor import Record
from collector.formats.registry import Formats

Member = TypeVar("Member")
Kind = TypeVar("Kind", bound=Hashable)

# The key under which agents put a line that they have not parsed,
_LINE = "log"
# and another, if the record has nothing else but the agent's own keys.
_OTHER_LINE = "message"
AGENT_KEYS = frozenset({
    _OTHER_LINE, "kubernetes", "docker", "container_id", "container_name", "source", "stream", "time", "logtag", "_p",
    "hostname", "host", "file", "filename", "filepath", "path", "offset", "tag", "date", "@timestamp",
    # Of Vector, Filebeat and Logstash; theirs is an object.
    "timestamp", "source_type", "agent", "ecs", "input", "fields", "tags", "cloud", "container", "@version", _LINE,
    "container_created_at", "@metadata", "fileset", "data_stream", "elastic_agent", "orchestrator",
    # Of the journal, and of Fluent Bit's parsers of syslog.
    "_HOSTNAME", "SYSLOG_IDENTIFIER", "_PID", "PRIORITY", "pri", "ident", "pid", "msgid", "extradata",
})  # fmt: skip

# What agents know of a line besides, and operators add to it: it is kept with a request. `event` has the line again.
_BESIDE_LINE = AGENT_KEYS | {
    "event", "type", "service", "process", "syslog", "image", "label", "severity", "facility", "appname", "procid",
    "source_ip", "version", "gateway", "instance", "environment", "service.name",
}  # fmt: skip

# What distinguishes the output of a container, program or file.
_SOURCE = (
    "kubernetes", "container_id", "container_name", "file", "filename", "filepath", "path", "source",
    "SYSLOG_IDENTIFIER",
)  # fmt: skip

# How many of the lines that an agent has joined are looked at.
_FIRST_LINES = 8

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class Classifier:
    """Finds the formats of records, a batch after the other.

    A record may go on over lines of the next batch, so each stream of records has a classifier of its own.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._recogniser = formats.recogniser
        # The format of the last record that was recognised.
        self._likely = ""
        # That record, where more lines may belong to it; for a text, one without a source.
        self._opened: Record | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next lines may go on with the last record."""
        return self._opened is not None

    def formats_of(self, records: Sequence[Record]) -> list[str]:
        """The format of each record, '' for a blank line; one that continues the last record has its format."""
        lines = [record.get(_LINE) for record in records[:1]]
        if lines and isinstance(lines[0], str) and (name := self._text_format(lines[0])):
            # As most batches are, they may all be alike.
            lines += [record.get(_LINE) for record in records[1:]]
            if self._recogniser.are_lines_of(name, lines):
                self._recognised(name, line_of(records[-1]), records[-1])
                return [name] * len(records)
        found = []
        for record in records:
            line = line_of(record)
            name = self._text_format(line, self._likely) if line else ""
            if not name:
                name = self._recogniser.record_format(record)
            if name:
                self._recognised(name, line, record)
            elif self._goes_on_in(record, line):
                name = self._likely
            elif is_blank(record):
                found.append("")
                continue
            found.append(name or self._formats.anything.name)
        return found

    def formats_of_texts(self, texts: Sequence[str]) -> list[str]:
        """The same for lines that may continue on further ones; '' if none is recognised."""
        if texts and (name := self._text_format(texts[0])) and self._recogniser.are_lines_of(name, texts):
            self._recognised(name, texts[-1], {})
            return [name] * len(texts)
        found = []
        for text in texts:
            name = self._text_format(text, self._likely) if text else ""
            if name:
                self._recognised(name, text, {})
            found.append(name or (self._likely if self._goes_on(text) else ""))
        return found

    def _goes_on_in(self, record: Record, line: str) -> bool:
        """Whether a record that no format recognises goes on with the last; a blank line may stand within it."""
        if self._opened is None or not (line or is_blank(record)):
            return False
        return self._goes_on(line) and is_of_one_source(record, self._opened)

    def _goes_on(self, text: str) -> bool:
        if not self.is_open:
            return False
        pattern = self._formats.next_lines.get(self._likely)
        return pattern is None or pattern.match(text) is not None

    def _text_format(self, text: str, likely: str = "") -> str:
        """The format of a line, '' where none recognises it; `likely` is that of the line before it."""
        if not text.startswith("{"):
            return self._recogniser.line_format(text, likely)
        if not self._recogniser.may_be_record(text, likely):
            return ""
        name = object_format(self._formats, text)
        if "\n" not in text[:-1]:
            return name
        # An object over many lines is no line, but where a format has such: several may have come as one.
        of_many_lines = self._formats.of_many_lines
        if name in of_many_lines:
            return name
        found = (object_format(self._formats, line) for line in text.split("\n", _FIRST_LINES)[:_FIRST_LINES])
        return next((of_line for of_line in found if of_line in of_many_lines), "")

    def _recognised(self, name: str, line: str, record: Record) -> None:
        self._likely = name
        self._opened = record if name in self._formats.of_many_lines and not line.startswith("{") else None


def object_format(formats: Formats, line: str | bytes) -> str:
    """The format of an object by its keys; '' for that of anything, and for what is none."""
    try:
        return formats.recogniser.record_format(_OBJECT.decode(line))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""


def is_blank(record: Record) -> bool:
    """Whether a record is of a line with nothing in it: such a line of a file is no record either."""
    line = record.get(_LINE)
    return isinstance(line, str) and not line.strip() and record.keys() <= AGENT_KEYS


def line_of(record: Record) -> str:
    """The line that an agent has put into a record; '' where it has put none."""
    line = record.get(_LINE)
    if not isinstance(line, str) and _OTHER_LINE in record and _is_of_agent(record):
        line = record[_OTHER_LINE]
    return line if isinstance(line, str) else ""


def _is_of_agent(record: Record) -> bool:
    """Whether a record has nothing that an application would have written beside its message."""
    return record.keys() <= AGENT_KEYS or all(
        # The journal's keys are too many to list.
        key in _BESIDE_LINE or key.startswith("_") or key.isupper()
        for key in record
    )


def is_of_one_source(record: Record, other: Record) -> bool:
    """Whether two records are of the output of one container or file."""
    return all(record.get(key) == other.get(key) for key in _SOURCE)


def joined(records: Sequence[Record], name: str, formats: Formats) -> Sequence[Record]:
    """Records of a format with the lines that go on with them, where it says by which."""
    pattern = formats.next_lines.get(name)
    if pattern is None:
        return records
    found: list[Record] = []
    for record in records:
        line = line_of(record)
        before = line_of(found[-1]) if found and line and pattern.match(line) else ""
        if before and is_of_one_source(record, found[-1]):
            found[-1] = {**found[-1], _LINE: before.rstrip("\n") + "\n" + line}
        else:
            found.append(record)
    return found


def grouped(members: Sequence[Member], kinds: Sequence[Kind]) -> dict[Kind, list[Member]]:
    """Members grouped by kind, such as a format, in their order; kinds in order of their first member."""
    groups: defaultdict[Kind, list[Member]] = defaultdict(list)
    if len(set(kinds)) == 1:
        groups[kinds[0]] = list(members)
        return groups
    for kind, member in zip(kinds, members, strict=True):
        groups[kind].append(member)
    return groups
