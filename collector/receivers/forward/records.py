"""Messages as payloads: their records sorted by what their tags say and by format."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from collector.encoding.msgpack import Data
from collector.errors import PayloadTooLarge
from collector.formats.otlp.descriptor import OTLP_LOGS_JSON
from collector.intake.chunk_delivery import Kind
from collector.receivers.forward.alike import lines_alike
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.entries import SLICE_BYTES, Entry, decode, slices
from collector.receivers.forward.lines import Rules, classified
from collector.receivers.forward.message import Message
from collector.receivers.forward.otlp import Groups
from collector.records.classify import Classifier
from collector.records.place import NOWHERE, Part, Place

# How many invalid entries become dead letters of their own; the rest share one.
_MOST_APART = 100
# As JSON, records of a few bytes are many times as large.
_LARGEST_GROWTH = 4


class Records:
    """Gathers messages; the same messages always become the same payloads."""

    def __init__(self, rules: Rules, config: ForwardConfig) -> None:
        self._rules = rules
        self._environment = config.environment
        self._limit = _LARGEST_GROWTH * int(config.max_chunk_size)
        self._entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self._entries_size = 0
        self._classifiers: defaultdict[str, Classifier] = defaultdict(lambda: Classifier(rules.formats))
        self._groups: defaultdict[str, Groups] = defaultdict(Groups)
        self._lines: defaultdict[Kind, list[bytes]] = defaultdict(list)
        self._lines_size = 0
        self._broken: list[tuple[Kind, bytes]] = []

    def add(self, message: Message) -> None:
        """Take a message in; raises PayloadTooLarge where its records grow out of proportion."""
        unreadable = [message.broken] if message.broken else []
        for part in slices(message.entries):
            if self._add_alike(message.tag, part):
                continue
            entries, broken = decode(part)
            self._entries[message.tag] += entries
            self._entries_size += len(part)
            unreadable += broken
            if self._entries_size >= SLICE_BYTES:
                self._convert()
        if unreadable:
            kind = self._kind(message.tag, message.dead_letter_format)
            apart, rest = unreadable[:_MOST_APART], b"".join(unreadable[_MOST_APART:])
            self._broken += [(kind, data) for data in (*apart, rest) if data]

    def _add_alike(self, tag: str, entries: Data) -> bool:
        """Take entries in that need no look at each; False where there is none such."""
        found = lines_alike(entries, self._rules.formats, self._rules.of(tag).format)
        if found is None:
            return False
        format_name, lines = found
        # What has come before them stays before them.
        self._convert()
        self._keep(self._kind(tag, format_name), lines)
        return True

    def payloads(self) -> list[tuple[Kind, bytes]]:
        """The bodies of what has been gathered; raises PayloadTooLarge like `add`."""
        self._convert()
        bodies = [(kind, b"".join(lines)) for kind, lines in sorted(self._lines.items())]
        return [(kind, body) for kind, body in bodies if body] + self._broken

    def _convert(self) -> None:
        for tag, entries in self._entries.items():
            if not entries:
                continue
            others = entries if self._rules.of(tag).format else self._without_groups(tag, entries)
            for part in classified(others, tag, self._rules, self._classifiers[tag]):
                self._keep(self._kind(tag, part.format, part.place), part.body)
        self._entries.clear()
        self._entries_size = 0

    def _without_groups(self, tag: str, entries: Sequence[Entry]) -> Sequence[Entry]:
        """The entries that are no log records of OpenTelemetry; those are kept as such."""
        others, request = self._groups[tag].taken_out(entries)
        if request:
            parts = self._rules.log_bodies.of_json(request) or {"": [Part(OTLP_LOGS_JSON.name, request)]}
            for environment, of_environment in parts.items():
                for name, body, place in of_environment:
                    kind = self._kind(tag, name, place)
                    self._keep(replace(kind, environment=environment or kind.environment), body + b"\n")
        return others

    def _keep(self, kind: Kind, lines: bytes) -> None:
        self._lines[kind].append(lines)
        self._lines_size += len(lines)
        if self._lines_size > self._limit:
            raise PayloadTooLarge(
                f"The records of a message take more than {self._limit} bytes as JSON; let the agent send smaller "
                "chunks, or raise collector.forward.max_chunk_size."
            )

    def _kind(self, tag: str, format_name: str, place: Place = NOWHERE) -> Kind:
        rule = self._rules.of(tag)
        return Kind(
            format_name,
            rule.environment or self._environment,
            place.gateway or rule.gateway,
            place.instance,
            tag if self._rules.keeps_tags else "",
        )
