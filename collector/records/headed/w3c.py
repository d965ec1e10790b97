"""W3C extended logs: `#Fields: date time cs-method …` names what stands in the lines below.

Of IIS, CloudFront, HTTP.sys, Tomcat. https://www.w3.org/TR/WD-logfile.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from collector.records.headed.lines import BOM, json_line, lines_of

_DIRECTIVE = re.compile(rb"#(\w+): *(.*)")
_FIELDS = "Fields"
# `Microsoft Internet Information Services 10.0`, `Apache Tomcat/10.1.5`: what a duration is in depends on the program.
_VERSION = re.compile(r"[ /]v?\d[\w.-]*$")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|(\S+)')


def has_fields(beginning: bytes) -> bool:
    for line in beginning.split(b"\n"):
        if not line.startswith(b"#"):
            return False
        if line.startswith(b"#Fields:"):
            return True
    return False


def w3c_lines(log: BinaryIO) -> Iterator[bytes]:
    """Directives may come again, as after a restart, and name other fields."""
    directives: dict[str, str] = {}
    names: Sequence[str] = ()
    added: dict[str, str] = {}
    for line in lines_of(log):
        if found := _DIRECTIVE.match(line.removeprefix(BOM)):
            directives[found[1].decode()] = found[2].decode("utf-8", "replace").strip()
            names = directives.get(_FIELDS, "").split()
            added = _added(directives, names)
            continue
        text = line.decode("utf-8", "replace").strip("\r\n")
        values = text.split("\t") if "\t" in text else _values(text)
        if len(values) == len(names):
            yield json_line({**dict(zip(names, values, strict=True)), **added})
        elif text:
            yield line


def _values(text: str) -> list[str]:
    if '"' not in text:
        return text.split()
    return [found[2] or found[1].replace('""', '"') for found in _QUOTED.finditer(text)]


def _added(directives: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """What the directives say of each line: the program, under a name of its own, and the date where none is logged."""
    software = directives.get("Software", "")
    found = {f"#Software {_VERSION.sub('', software)}": software} if software else {}
    if "time" in names and "date" not in names and (date := directives.get("Date", "")):
        found["date"] = date[: len("2026-11-23")]
    return found
