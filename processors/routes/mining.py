"""Templates from what was asked for, where nobody names them.

Paths become a tree of segments. Where a place in it has many different segments and goes on getting new ones, they are
values: they are merged to one, and what follows them is looked at together, from the first segment to the last. The
idea of growing cardinality is that of every log and URL clusterer, e.g. Drain (He et al., ICWS 2017); the test for
growth is Good and Turing's: the share of segments that were seen once is how often the next one is new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from processors.routes.segments import is_placeholder, joined, segments, typed

VALUE = "{value}"

# The fewest different segments that are values: in a place that goes on growing, and in any.
_FEWEST_GROWING = 10
_FEWEST = 60
# Seen at most twice: the share of those that indicates growth.
_RARE = 2
_RARE_SHARE = 0.3
# An API that is hardly used has seen all of its words seldom.
_FEWEST_REQUESTS = 300
# Beside values, a segment is a word of the API where it is this much busier than the middle one, and has this share.
_BUSIER = 25
_SHARE = 0.25
# Beyond, new segments are not taken in: memory is bounded.
_MOST_NODES = 50_000


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    # Requests that end here, and all that pass.
    ending: int = 0
    passing: int = 0


class Tree:
    """The paths of one API with their requests."""

    def __init__(self, paths: Iterable[tuple[str, int]]) -> None:
        self._root = _Node()
        self._nodes = 0
        # Whether there was no room for some.
        self.is_full = False
        for path, requests in sorted(paths, key=lambda found: -found[1]):
            self._add(tuple(map(typed, segments(path))), requests)

    def templates(self) -> list[str]:
        """Those with a value that nothing in its look gives away, e.g. /users/{value}."""
        _merge_values(self._root)
        found: list[tuple[str, ...]] = []
        _collect(self._root, (), found)
        return sorted(joined(parts) for parts in found)

    def _add(self, parts: tuple[str, ...], requests: int) -> None:
        missing = self._missing(parts)
        if self._nodes + missing > _MOST_NODES:
            self.is_full = True
            return
        self._nodes += missing
        node = self._root
        node.passing += requests
        for part in parts:
            node = node.children.setdefault(part, _Node())
            node.passing += requests
        node.ending += requests

    def _missing(self, parts: tuple[str, ...]) -> int:
        node: _Node | None = self._root
        for place, part in enumerate(parts):
            node = node.children.get(part) if node is not None else None
            if node is None:
                return len(parts) - place
        return 0


def _merge_values(node: _Node) -> None:
    values = _values(node)
    if values:
        merged = node.children.setdefault(VALUE, _Node())
        for name in values:
            _merge(merged, node.children.pop(name))
        # What looks like a value is one of them.
        for name in [name for name in node.children if is_placeholder(name) and name != VALUE]:
            _merge(merged, node.children.pop(name))
    for child in node.children.values():
        _merge_values(child)


def _values(node: _Node) -> list[str]:
    """The segments below a node that are values, not words of the API."""
    words = {name: child for name, child in node.children.items() if not is_placeholder(name)}
    if len(words) < _FEWEST_GROWING or node.passing < _FEWEST_REQUESTS:
        return []
    rare = sum(child.passing <= _RARE for child in words.values()) / len(words)
    if rare < _RARE_SHARE and len(words) < _FEWEST:
        return []
    middle = median(child.passing for child in words.values())
    least = max(_BUSIER * middle, _SHARE * sum(child.passing for child in words.values()))
    usual = _names_below(child for child in words.values() if child.passing <= least)
    return [
        name
        for name, child in words.items()
        if child.passing <= least or (child.children and usual & child.children.keys())
    ]


def _names_below(nodes: Iterable[_Node]) -> set[str]:
    return {name for node in nodes for name in node.children}


def _merge(into: _Node, other: _Node) -> None:
    into.ending += other.ending
    into.passing += other.passing
    for name, child in other.children.items():
        _merge(into.children.setdefault(name, _Node()), child)


def _collect(node: _Node, parts: tuple[str, ...], found: list[tuple[str, ...]]) -> None:
    if node.ending and VALUE in parts:
        found.append(parts)
    for name, child in node.children.items():
        _collect(child, (*parts, name), found)
