"""Regular expressions with a named group for each field.

A duration in parts has the groups duration_1, duration_2 and so on; one that is negative leaves it unknown.

They are RE2's (`storage.patterns`), by which ClickHouse reads lines and Python recognises them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    CLF,
    DOUBTFUL,
    DURATION_PART,
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
from storage.patterns import Pattern, PatternFault

# Groups duration_1, duration_2 and so on are of one duration, in parts.
_PART = re.compile(r"duration_[1-9]")
_LISTS = ("upstream_duration", "upstream_address", "upstream_status")
_TIMES = (ISO, ISO_UTC, CLF, *UNIX)


@dataclass(frozen=True)
class Expression:
    """An expression, and each of its values as SQL."""

    text: str
    values: tuple[tuple[Reading, str], ...]

    @property
    def readings(self) -> list[Reading]:
        return [reading for reading, _ in self.values]


def parse(text: str, units: Mapping[str, str], times: Mapping[str, str]) -> Expression:
    """Raises DefinitionFault."""
    text = text.strip()
    try:
        groups = Pattern(text).group_numbers
    except PatternFault as fault:
        raise DefinitionFault("regex", text, [_syntax_fault(text, fault)]) from None
    faults = [
        *([Fault(0, "has no named group, as in (?P<status>[0-9]+)")] if not groups else []),
        *_twice(text, groups),
        *_unit_faults(text, groups, units),
        *_time_faults(text, groups, times),
    ]
    if faults:
        raise DefinitionFault("regex", text, faults)
    values = [(_reading(name, units, times), f"fields[{number}]") for name, number in groups.items()]
    return Expression(text, tuple(values))


def _syntax_fault(text: str, fault: PatternFault) -> Fault:
    # RE2 names the faulty part, not its position.
    return Fault(max(text.find(fault.part), 0), str(fault))


def _twice(text: str, groups: Mapping[str, int]) -> list[Fault]:
    """RE2 keeps the first of several groups of a name, and the values of the others would be lost."""
    found = {name: len(re.findall(rf"\(\?P?<{re.escape(name)}>", text)) for name in groups}
    return [
        Fault(_at(text, name), f"has more than one group {name}; put the alternatives into one")
        for name, number in found.items()
        if number > 1
    ]


def _at(text: str, name: str) -> int:
    return max(text.find(f"<{name}>"), 0)


def _unit_faults(text: str, groups: Mapping[str, int], units: Mapping[str, str]) -> list[Fault]:
    given = {"duration" if _PART.fullmatch(name) else name for name in groups}
    faults = [
        Fault(_at(text, name), f"{name} needs its unit, as in units: {{{name}: ms}}; one of {', '.join(UNITS)}")
        for name in DOUBTFUL
        if name in given and units.get(name) not in (*UNITS, UNKNOWN_UNIT)
    ]
    return faults + [
        Fault(0, f"units: {name} is no duration of it") for name in units if name not in given & {*DOUBTFUL}
    ]


def _time_faults(text: str, groups: Mapping[str, int], times: Mapping[str, str]) -> list[Fault]:
    faults = [Fault(0, f"times: {name} is no time of it") for name in times if name not in groups or name != "time"]
    pattern = times.get("time", ISO)
    if pattern not in _TIMES and "%" not in pattern:
        faults.append(
            Fault(_at(text, "time"), f"times: {pattern} is not known; use {', '.join(_TIMES)} or strftime's pattern")
        )
    return faults + [Fault(_at(text, "time"), fault.message) for fault in time_faults(pattern, 0)]


def _reading(name: str, units: Mapping[str, str], times: Mapping[str, str]) -> Reading:
    if _PART.fullmatch(name):
        return Reading(DURATION_PART, units["duration"])
    if name not in FIELDS:
        return attribute(name)
    if name in DOUBTFUL and units[name] == UNKNOWN_UNIT:
        return Reading(DOUBTFUL[name])
    unit = times.get("time", ISO) if name == "time" else units.get(name, "")
    return Reading(name, unit, is_list=name in _LISTS)
