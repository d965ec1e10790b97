"""Apache's `LogFormat`, and what its directives mean; Tomcat's AccessLogValve has most of them.

%D is in microseconds, %T in seconds, %{ms}T, %{us}T and %{s}T in the unit that they name. %t is when the request came,
%{end:...}t when it had ended. %b is '-' for no bytes.
https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
Tomcat's %D is in milliseconds up to version 9, and as Apache's from 10 on; its %{...}t may be a pattern of Java.
https://tomcat.apache.org/tomcat-9.0-doc/config/valve.html https://tomcat.apache.org/tomcat-10.1-doc/config/valve.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    CLF,
    CLF_WITH_ZONE,
    NUMBER,
    UNITS,
    WORD,
    Reading,
    attribute,
    duration,
    not_kept,
    ranked,
    request_header,
    response_header,
)
from collector.formats.custom.strftime import expression, of_java
from collector.formats.custom.strftime import faults as time_faults
from collector.formats.custom.template import Capture, Literal, Part, Template, adjacency_faults, scan, template

_DIRECTIVE = re.compile(
    r"%(?:!?[0-9,]+)?(?P<which>[<>]?)(?:\{(?P<argument>[^}]*)\})?(?P<name>\^[A-Za-z]{2}|[A-Za-z%])?"
)
# A whole directive, as it stands in httpd.conf.
_LINE = re.compile(r'\s*LogFormat\s+"(?P<text>(?:[^"\\]|\\.)*)"(?:\s+\S+)?\s*')
_ESCAPES = {r"\"": '"', r"\\": "\\", r"\t": "\t", r"\n": "\n"}

_BYTES = r"[0-9]+|-"

_DIRECTIVES = {
    "a": Reading("client_address", pattern=WORD),
    "A": attribute("apache.local_address", WORD),
    "b": Reading("response_bytes", pattern=_BYTES),
    "B": Reading("response_bytes", pattern=_BYTES),
    "D": duration("us"),
    "f": attribute("apache.filename"),
    "F": attribute("tomcat.commit_milliseconds", NUMBER),
    "h": Reading("client_address", pattern=WORD, rank=1),
    "H": Reading("protocol", pattern=r"[^ \"]*"),
    "I": Reading("request_bytes", pattern=_BYTES),
    "k": attribute("apache.keepalive_requests", NUMBER),
    "l": not_kept(WORD),
    "L": attribute("apache.log_id", WORD),
    "m": Reading("method", pattern=r"[^ \"]+"),
    "O": Reading("response_bytes", pattern=_BYTES, rank=1),
    "p": attribute("server.port", r"[0-9]+|-"),
    "P": not_kept(WORD),
    # Queries are not kept.
    "q": not_kept(r"[^ \"]*"),
    "r": Reading("request"),
    "R": attribute("apache.handler"),
    "s": Reading("status", pattern=r"[0-9]{3}|-"),
    "S": attribute("apache.bytes_transferred", WORD),
    "T": duration("s"),
    "u": Reading("consumer", rank=2),
    "U": Reading("url", pattern=r"[^? \"]*"),
    "v": Reading("authority", pattern=r"[^/ \"]*", rank=1),
    "V": Reading("authority", pattern=r"[^/ \"]*", rank=1),
    "X": attribute("apache.connection_status", r"[-+X]"),
    "^FB": attribute("apache.first_byte_microseconds", NUMBER),
}
_FRACTIONS = frozenset({"msec_frac", "usec_frac"})
_COUNTS = {"sec": "unix", "msec": "unix_ms", "usec": "unix_us"}
_DURATIONS = {"s": "s", "ms": "ms", "us": "us", "ns": "ns", "fracsec": "s"}


def parse(text: str, units: Mapping[str, str]) -> Template:
    """The template of a LogFormat: its text, or the whole directive. Raises DefinitionFault.

    `units` may give that of `duration` where it is not Apache that writes the log.
    """
    text = _unescaped(text)
    faults = [Fault(0, f"units: {name}: {unit} cannot be; only duration, in {', '.join(UNITS)}")
              for name, unit in units.items() if name != "duration" or unit not in UNITS]  # fmt: skip
    parts: list[Part] = []
    for found in scan(_DIRECTIVE, text):
        parts += [found] if isinstance(found, Literal) else _parts(found, units, faults)
    line = template(parts, has_escapes=True)
    faults += adjacency_faults(line)
    if faults:
        raise DefinitionFault("apache", text, faults)
    return line


def _parts(found: re.Match[str], units: Mapping[str, str], faults: list[Fault]) -> list[Part]:
    name, argument, start = found["name"], found["argument"], found.start()
    if name is None:
        faults.append(Fault(start, "`%` must be followed by a directive, as in %>s or %{Referer}i"))
        return []
    if name == "%":
        return [Literal("%", start)]
    if name == "t" and not argument:
        return [
            Literal("[", start),
            Capture(Reading("time", CLF, pattern=CLF_WITH_ZONE), start),
            Literal("]", start),
        ]
    if name == "t":
        return [Capture(_time(argument, start, faults), start)]
    reading = _reading(name, argument or "")
    if reading is None:
        faults.append(Fault(start, f"{found[0]} is no directive of LogFormat"))
        return []
    if name == "s" and found["which"] != ">":
        # Of a request that was redirected within Apache, the last status is the answer's.
        reading = ranked(reading, 1)
    if reading.field == "duration" and name in "DT" and not argument:
        reading = replace(reading, unit=units.get("duration", reading.unit))
    return [Capture(reading, start)]


def _reading(name: str, argument: str) -> Reading | None:
    if not argument or name in "pPh":
        return _DIRECTIVES.get(name)
    if name == "T":
        return duration(_DURATIONS[argument]) if argument in _DURATIONS else None
    if name == "a":
        # The address of the connection, where %a is the client's.
        return ranked(_DIRECTIVES["a"], 2)
    if argument.lower() in _REQUEST_IDS:
        return Reading("request_id")
    of_argument = _WITH_ARGUMENT.get(name)
    return of_argument(argument) if of_argument else None


def _named(kind: str) -> Callable[[str], Reading]:
    return lambda argument: attribute(f"apache.{kind}.{argument}")


_REQUEST_IDS = frozenset({"unique_id", "request_id"})
_WITH_ARGUMENT: Mapping[str, Callable[[str], Reading]] = {
    "i": request_header,
    "o": response_header,
    "^to": response_header,
    "^ti": _named("trailer"),
    "C": lambda _: not_kept(),
    "e": _named("env"),
    "n": _named("note"),
    "x": _named("ssl"),
    "c": _named("ssl"),
    "r": _named("attribute"),
    "s": _named("session"),
}


def _time(argument: str, start: int, faults: list[Fault]) -> Reading:
    is_end = argument.startswith("end:")
    pattern = argument.removeprefix("end:").removeprefix("begin:")
    if pattern in _FRACTIONS:
        return not_kept(r"[0-9]+")
    if pattern in _COUNTS:
        return Reading("time", _COUNTS[pattern], pattern=r"[0-9]+", rank=-1, is_end=is_end)
    if "%" not in pattern:
        pattern = of_java(pattern)
    faults += time_faults(pattern, start + 2)
    return Reading("time", pattern, pattern=expression(pattern), is_end=is_end)


def _unescaped(text: str) -> str:
    if found := _LINE.fullmatch(text):
        text = found["text"]
    return re.sub(r"\\[\"\\tn]", lambda escape: _ESCAPES[escape[0]], text)
