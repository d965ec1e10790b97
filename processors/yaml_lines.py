"""A YAML document with the lines that its parts stand in, so that a fault can be found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from storage.yaml_text import read_yaml

Location = Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """A document, its tree, and keys that are written twice."""

    value: Any
    _tree: yaml.Node | None

    def line(self, location: Location) -> int:
        """The line of the innermost part of a location that there is, from 1."""
        node, line = self._tree, 1
        if node is not None:
            line = node.start_mark.line + 1
        for part in location:
            found = _child(node, part)
            if found is None:
                continue
            line, node = found
        return line

    def repeated_keys(self) -> list[tuple[int, str]]:
        """The duplicate keys of a mapping with their lines; YAML would silently take the last."""
        return list(_repeated(self._tree)) if self._tree is not None else []


def parse_document(text: str) -> Document:
    """Raises yaml.YAMLError."""
    return Document(read_yaml(text), yaml.compose(text, Loader=yaml.SafeLoader))


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item: yaml.Node = node.value[part]
        return item.start_mark.line + 1, item
    return None


def _repeated(node: yaml.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
