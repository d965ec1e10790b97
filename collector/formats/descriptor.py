"""What a format is: each family has descriptors next to its SQL, and everything else asks them."""

from collections.abc import Callable, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.formats.shapes import RECORDS, Shape
from collector.formats.shared.layers import LINES, OTHER_LINES, PAYLOAD_SCHEMA

Record = Mapping[str, Any]


@dataclass(frozen=True)
class TextLine:
    """How the first line of a record is recognised, where it is no JSON.

    `pattern` is matched from the start of the line, its classes are those of ASCII. It is tried only on lines in which
    `contains` stands and `marker` is found, which are cheap to look for and must therefore be in every such line.
    """

    pattern: str
    contains: str
    marker: str = ""
    # Whether it also matches a line before which others have put something.
    after_anything: bool = False
    # Whether it is of a definition, as users give them: RE2 matches those, in a time that grows with the line and no
    # faster, and Python's `re` only those that are in our descriptors, in half the time. They come before all others.
    is_given: bool = False


@dataclass(frozen=True)
class MixedBody:
    """A format each line of which is a record, so that a body may hold lines of others between them.

    `marker` finds a line of it in a body, and is looked for where `contains` is in it; a body in which each line has
    the `first_byte` has no line of another format.
    """

    marker: bytes = b""
    contains: bytes = b""
    first_byte: bytes = b""


@dataclass(frozen=True)
class JsonRecord:
    """How a record that is a JSON object is recognised.

    `keys` are discriminating: each such record has one of them. A format some of whose records have none says how they
    are recognised by `matches_without_keys`, and what stands in the JSON of each of these by `without_keys`.
    """

    keys: frozenset[str]
    matches: Callable[[Record], bool]
    # The same by the keys alone, where these are enough; None where they are not.
    matches_keys: Callable[[KeysView[str]], bool | None] | None = None
    # One of these is in each object that stands as a line among lines of text.
    in_text: tuple[str, ...] = ()
    # Keys that each object has exactly once where it is written by the program's own settings.
    once: tuple[bytes, ...] = ()
    # Whether an object that goes on behind what is looked at is of the format, from its first line and the beginning.
    matches_beginning: Callable[[bytes, bytes], bool] | None = None
    matches_without_keys: Callable[[Record], bool] | None = None
    without_keys: bytes = b""


@dataclass(frozen=True, eq=False)
class Format:
    """A format by its name.

    `layers` are SQL files, outermost first, each reading `{{inner}}`, the next one; they yield the columns of `shape`,
    in its order.
    `schema` is the .proto file of its segments, whose message `Payload` has a body of `body_type`.
    """

    name: str
    summary: str
    layers: tuple[Path, ...]
    # The tables that its records go to, besides dead_letters.
    becomes: tuple[str, ...]
    shape: Shape = RECORDS
    schema: Path = PAYLOAD_SCHEMA
    body_type: str = "String"
    # Access logs only: SQL for a record's value under `{key}`. What naming rules read is kept as attributes:
    # the layers have `{{before_kept}}` and `{{after_kept}}` around their own.
    key_sql: str = ""
    # What else stands in braces in its layers. They are filled in in this order, and may hold what comes later.
    fragments: Mapping[str, str] = field(default_factory=dict)
    line: TextLine | None = None
    mixed_body: MixedBody | None = None
    # How its program's messages about itself begin. A body with nothing else in it is of this format as well.
    message: str = ""
    record: JsonRecord | None = None
    # Whether it takes the records of anything that no other format recognises.
    takes_anything: bool = False
    # Whether its lines are records as agents send them, with time, tag and other fields around a message.
    is_whole_record: bool = False
    # How a record begins that may go on over further lines.
    first_line: str = ""
    # How a line begins by which a record goes on, where no other line of no format does.
    next_line: str = ""
    # Whether it reads itself what syslog puts before its lines.
    reads_syslog: bool = False
    # A line that does not hold its time, which agents and container runtimes know: theirs is put before the line.
    untimed_line: str = ""
    # The names that Splunk's clients have for it.
    source_types: tuple[str, ...] = ()
    # Whether an event of HEC is a part of its envelope, and both together are the record.
    is_record_with_envelope: Callable[[Record], bool] | None = None
    # Whether the fields in the envelope of an event of HEC are the record, and its event says nothing.
    matches_fields: Callable[[Record], bool] | None = None
    # What a payload of it holds, by format, where ClickHouse would read wrong values without a word.
    sift: Callable[[bytes], Sequence[tuple[str, bytes]]] | None = None
    # Makes the same rows of the same payloads for less, or fails where they hold what it does not know.
    fast_path: "Format | None" = None
    # A segment takes so little memory to store that it may be twice as large: half as many are to be planned.
    is_light: bool = False
    # Whether clients may name it; the others are what payloads become that cannot be read.
    is_ingestible: bool = True
    # Why each of its payloads is a dead letter as a whole.
    reason: str = ""

    @property
    def is_text(self) -> bool:
        """Whether its payloads are text."""
        return self.body_type == "String"

    @property
    def has_lines(self) -> bool:
        """Whether each line of its payloads is a record, whatever surrounds it."""
        return LINES in self.layers

    @property
    def keeps_records(self) -> bool:
        """Whether its dead letters are records as they came, which it can read again; of others values are kept."""
        return self.is_ingestible and (self.has_lines or bool(self.first_line) or self.is_whole_record)

    @property
    def has_other_lines(self) -> bool:
        """Whether what a proxy says of itself may stand between its lines."""
        return OTHER_LINES in self.layers
