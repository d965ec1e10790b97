"""The fields of a request in JSON lines.

    {time: ts, status: response.code, duration: {field: took, unit: ms}, attributes: {cache: upstream.cache}}

A field is a path with dots, which may also be one key with dots in it, as loggers of ECS write; `[0]` takes an element
of a list and `[-1]` its last. Of several in a list, each with a unit of its own, the first that says something counts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    DOUBTFUL,
    ESSENTIAL,
    FIELDS,
    ISO,
    ISO_UTC,
    UNITS,
    UNIX,
    UNKNOWN_UNIT,
    Reading,
    attribute,
)
from collector.formats.custom.strftime import faults as time_faults
from collector.formats.shared.literal import literal

# nginx, which writes such lists, is what most JSON logs come from.
_LISTS = frozenset({"upstream_address", "upstream_status", "upstream_duration"})
_ATTRIBUTES = "attributes"
_STEP = re.compile(r"(?P<key>[^.\[\]]+)(?P<index>(?:\[(?:\d+|-1)\])?)")
_TIMES = (ISO, ISO_UTC, "clf", *UNIX)


@dataclass(frozen=True)
class JsonFields:
    """The type of what is taken out of a line, and each value in it as SQL."""

    type_text: str
    values: tuple[tuple[Reading, str], ...]
    # The last keys of the paths that distinguish a request from anything else.
    keys: tuple[str, ...]
    # The paths that each line has, where that is known: the longest, which is rarest, first.
    has: tuple[str, ...] = ()

    @property
    def readings(self) -> list[Reading]:
        return [reading for reading, _ in self.values]


def parse(fields: Mapping[str, Any], notation: str = "json") -> JsonFields:
    """Raises DefinitionFault."""
    faults: list[str] = []
    found: list[tuple[Reading, str]] = []
    for field, definition in fields.items():
        if field == _ATTRIBUTES:
            found += _attributes(definition, faults)
        elif field not in FIELDS:
            faults.append(f"{field}: no such field; use {', '.join(sorted(FIELDS))}, or put it under {_ATTRIBUTES}")
        else:
            found += _of_field(field, definition, faults)
    return _fields(found, faults, str(dict(fields)), notation)


def of_paths(found: Sequence[tuple[Reading, str]]) -> JsonFields:
    """Fields that stand at these paths and at no others. Raises DefinitionFault."""
    known = _fields(found, [], ", ".join(path for _, path in found))
    return replace(known, has=tuple(sorted((path for _, path in found), key=len, reverse=True)))


def _fields(found: Sequence[tuple[Reading, str]], faults: list[str], text: str, notation: str = "json") -> JsonFields:
    tree = _Tree()
    values = [(reading, _value(tree, reading, path, faults)) for reading, path in found if reading.is_kept]
    if faults:
        raise DefinitionFault(notation, text, [_at(fault, text) for fault in faults])
    keys = {last_key(path) for reading, path in found if reading.field in ESSENTIAL}
    return JsonFields(tree.type_text(), tuple(values), tuple(sorted(keys)))


def _value(tree: "_Tree", reading: Reading, path: str, faults: list[str]) -> str:
    sql = tree.add(path, faults)
    return f"trimBoth(concat({tree.add(reading.date, faults)}, ' ', {sql}))" if reading.date else sql


def _at(fault: str, text: str) -> Fault:
    return Fault(max(text.find(fault.partition(":")[0]), 0), fault)


def _attributes(definition: Any, faults: list[str]) -> list[tuple[Reading, str]]:
    if not isinstance(definition, dict):
        faults.append(f"{_ATTRIBUTES}: must be names with their fields")
        return []
    return [
        (attribute(str(name)), path) for name, paths in definition.items() for path in _paths(str(name), paths, faults)
    ]


def _of_field(field: str, definition: Any, faults: list[str]) -> list[tuple[Reading, str]]:
    found: list[tuple[Reading, str]] = []
    for option in definition if isinstance(definition, list) else [definition]:
        options = option if isinstance(option, dict) else {"field": option}
        reading = _reading(field, options, faults)
        if reading is not None:
            found += [
                (replace(reading, rank=len(found), date=str(options.get("date", ""))), path)
                for path in _paths(field, options.get("field"), faults)
            ]
    return found


def _reading(field: str, options: Mapping[str, Any], faults: list[str]) -> Reading | None:
    if unknown := options.keys() - {"field", "unit", "format", "date", "list", "fraction"}:
        faults.append(
            f"{field}: {', '.join(sorted(unknown))} is not known; use field, unit, format, date, list, fraction"
        )
    if "date" in options and (field != "time" or not _paths(field, options["date"], faults)):
        faults.append(f"{field}: date is for `time`, and names the field with its day")
    unit = str(options.get("unit", ""))
    if field in DOUBTFUL and unit == UNKNOWN_UNIT:
        return Reading(DOUBTFUL[field])
    if field in DOUBTFUL and unit not in UNITS:
        units = ", ".join((*UNITS, UNKNOWN_UNIT))
        faults.append(f"{field}: give its unit, as in {{field: took, unit: ms}}; one of {units}")
        return None
    if field == "time":
        unit = str(options.get("format", ISO))
        if unit not in _TIMES and "%" not in unit:
            faults.append(f"{field}: format must be one of {', '.join(_TIMES)}, or a pattern of strftime")
        faults.extend(f"{field}: {fault.message}" for fault in time_faults(unit, 0))
    is_list, needs_fraction = bool(options.get("list", field in _LISTS)), bool(options.get("fraction", False))
    return Reading(field, unit, is_list=is_list, needs_fraction=needs_fraction)


def _paths(name: str, definition: Any, faults: list[str]) -> list[str]:
    paths = definition if isinstance(definition, list) else [definition]
    bad = [path for path in paths if not isinstance(path, str) or not _steps(path)]
    if bad:
        faults.append(f"{name}: {bad[0]!r} is no field; write a path such as response.code or headers.host[0]")
        return []
    return paths


def _steps(path: str) -> list[tuple[str, str]]:
    """(key, index) of each step; [] where it is no path."""
    steps = [_STEP.fullmatch(step) for step in path.split(".")]
    if not all(steps):
        return []
    return [(step["key"], step["index"]) for step in steps if step]


class _Tree:
    """The nested tuple of all paths."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, path: str, faults: list[str]) -> str:
        """The SQL of the value at a path."""
        steps = _steps(path)
        sql = self._add(steps, path, faults)
        if len(steps) == 1 or "[" in path:
            return sql
        # The same may be one key, with dots in it.
        flat = self._add([(path, "")], path, faults)
        return f"if({flat} != '', {flat}, {sql})"

    def _add(self, steps: list[tuple[str, str]], path: str, faults: list[str]) -> str:
        node, sql = self._root, "log"
        for number, (key, index) in enumerate(steps):
            is_last = number == len(steps) - 1
            name = key + ("[]" if index else "")
            other = key if index else key + "[]"
            sql = f"tupleElement({sql}, {literal(key)})"
            if index:
                place = int(index[1:-1])
                sql = f"arrayElement({sql}, {place if place < 0 else place + 1})"
            below = node.setdefault(name, None if is_last else {})
            if other in node or (below is None) != is_last:
                faults.append(f"{path}: is read both as a value and as an object or a list with others in it")
                return "''"
            if below is not None:
                node = below
        return sql

    def type_text(self) -> str:
        return _tuple(self._root)


def _tuple(node: Mapping[str, Any]) -> str:
    members = []
    for name, below in node.items():
        inner = "String" if below is None else _tuple(below)
        if name.endswith("[]"):
            members.append(f"{_identifier(name.removesuffix('[]'))} Array({inner})")
        else:
            members.append(f"{_identifier(name)} {inner}")
    return f"Tuple({', '.join(members)})"


def _identifier(name: str) -> str:
    """A name in the type, which is itself a literal of the statement."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def last_key(path: str) -> str:
    """What every key ends with that a path leads to."""
    return _steps(path)[-1][0]


def has(record: Mapping[str, Any], path: str) -> bool:
    """Whether a record has a field, of its own or in an object in it."""
    if path in record:
        return True
    value: Any = record
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
