"""Templates of paths, and which of them a path belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from processors.routes.segments import is_placeholder, segments


@dataclass
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    value: "_Node | None" = None
    template: str = ""


class Templates:
    """Templates such as /users/{user}: of several that fit, that with the earliest literal counts, as OpenAPI says."""

    def __init__(self, templates: Iterable[str] = ()) -> None:
        self._root = _Node()
        for template in templates:
            self.add(template)

    def add(self, template: str) -> None:
        """Know one more; of two that differ in names of values alone, the first stays."""
        node = self._root
        for part in segments(template):
            if is_placeholder(part) or "{" in part:
                node.value = node.value or _Node()
                node = node.value
            else:
                node = node.literals.setdefault(part, _Node())
        node.template = node.template or template

    def match(self, path: str) -> str:
        """The template that a path, or another template of the same form, belongs to; '' for none."""
        return _match(self._root, segments(path))


def _match(node: _Node, rest: tuple[str, ...]) -> str:
    if not rest:
        return node.template
    part, *others = rest
    literal = node.literals.get(part)
    found = _match(literal, tuple(others)) if literal is not None else ""
    return found or (_match(node.value, tuple(others)) if node.value is not None else "")
