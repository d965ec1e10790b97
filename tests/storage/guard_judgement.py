"""Many statements judged at once: one call of the parser for all of them."""

import json
from collections.abc import Sequence
from pathlib import Path

from storage.errors import QueryRefused
from storage.guard_tree import Tree
from storage.reader import Reader

_CALL = 2000


def passed(people: Reader, statements: Sequence[str]) -> list[str]:
    """Those that the guard lets through."""
    found = []
    for start in range(0, len(statements), _CALL):
        some = statements[start : start + _CALL]
        quoted = ", ".join("'{}'".format(one.replace("\\", "\\\\").replace("'", "\\'")) for one in some)
        trees = people.store.parse(f"SELECT parseQueryToJSON(sql) FROM (SELECT arrayJoin([{quoted}]) AS sql)")
        assert len(trees) == len(some)
        found += [one for one, (tree,) in zip(some, trees, strict=True) if _passes(people, tree)]
    return found


def listed(name: str) -> list[str]:
    """The names in a list of this directory; `#` begins the reason for those below it."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _passes(people: Reader, tree: str) -> bool:
    try:
        Tree(people.guard.names).check(json.loads(tree))
    except QueryRefused:
        return False
    return True
