"""The formats that a process knows, by name and by what they are for."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from collector.formats.descriptor import Format, Record
from collector.formats.recognise import Recogniser


class Formats:
    """A list of formats, built once and handed to whoever reads or stores telemetry.

    Their order is that in which they are asked whether a record is theirs. One that is not listed may be found
    `elsewhere` by its name, and by that alone.
    """

    def __init__(self, listed: Sequence[Format], elsewhere: Callable[[str], Format | None] = lambda _: None) -> None:
        self._listed = tuple(listed)
        self._elsewhere = elsewhere
        self.by_name: Mapping[str, Format] = MappingProxyType({known.name: known for known in listed})
        if len(self.by_name) < len(self._listed) or not all(map(str.isidentifier, self.by_name)):
            raise ValueError("A format needs a name of its own, of letters, digits and _.")
        self.ingestible: Mapping[str, Format] = MappingProxyType(
            {known.name: known for known in listed if known.is_ingestible}
        )
        self.recogniser = Recogniser(self._listed)
        [self.anything] = [known for known in listed if known.takes_anything]
        self.light = frozenset(known.name for known in listed if known.is_light)
        self.whole_records = frozenset(known.name for known in listed if known.is_whole_record)
        # Formats whose records go on over lines that no format recognises.
        self.of_many_lines = frozenset(known.name for known in listed if known.first_line)
        # Of those, by which lines they go on where not by all.
        self.next_lines: Mapping[str, re.Pattern[str]] = MappingProxyType(
            {known.name: re.compile(known.next_line) for known in listed if known.next_line}
        )
        self.after_anything = frozenset(known.name for known in listed if known.line and known.line.after_anything)
        self.recognised_by_keys = frozenset(
            known.name for known in listed if known.record and known.record.matches_keys
        )
        self.recognised_with_envelope: Sequence[tuple[str, Callable[[Record], bool]]] = [
            (known.name, known.is_record_with_envelope) for known in listed if known.is_record_with_envelope
        ]
        self.told_by_fields: Sequence[tuple[str, Callable[[Record], bool]]] = [
            (known.name, known.is_told_by_fields) for known in listed if known.is_told_by_fields
        ]
        self.source_types: Mapping[str, str] = MappingProxyType(
            {source_type: known.name for known in listed for source_type in known.source_types}
        )

    def __iter__(self) -> Iterator[Format]:
        return iter(self._listed)

    def __getitem__(self, name: str) -> Format:
        known = self.find(name)
        if known is None:
            raise KeyError(name)
        return known

    def find(self, name: str) -> Format | None:
        """A format by its name; None where nobody knows it."""
        return self.by_name.get(name) or self._elsewhere(name)

    def has_lines(self, name: str) -> bool:
        """Whether each line of what is in a format is a record, whatever stands beside it."""
        known = self.find(name)
        return known is not None and known.has_lines

    @property
    def names_of_text(self) -> Sequence[str]:
        """The names that a client or a setting may use for lines and records."""
        return [name for name, known in self.ingestible.items() if known.is_text]
