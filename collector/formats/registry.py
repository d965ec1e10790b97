"""The formats that a process knows, by name and by what they are for."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from collector.formats.descriptor import Format, Record
from collector.formats.recognise import Recogniser
from collector.formats.shared.extra_fields import name_alone, with_fields


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
        # Variants for lines with extra fields, made on demand.
        self._with_fields: dict[str, Format] = {}
        self.keeping_fields = frozenset(known.name for known in listed if known.has_other_lines)
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
        self.matching_fields: Sequence[tuple[str, Callable[[Record], bool]]] = [
            (known.name, known.matches_fields) for known in listed if known.matches_fields
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
        """A format by its name, or None."""
        return self.by_name.get(name) or self._elsewhere(name) or self._found_with_fields(name)

    def _found_with_fields(self, name: str) -> Format | None:
        alone = self.find(name_alone(name)) if name_alone(name) != name else None
        if alone is not None and name not in self._with_fields and alone.has_other_lines:
            self._with_fields[name] = with_fields(alone)
        return self._with_fields.get(name)

    def has_lines(self, name: str) -> bool:
        """Whether each line of a payload is a record, whatever surrounds it."""
        known = self.find(name)
        return known is not None and known.has_lines

    @property
    def names_of_text(self) -> Sequence[str]:
        """The names that a client or a setting may use for lines and records."""
        return [name for name, known in self.ingestible.items() if known.is_text]
