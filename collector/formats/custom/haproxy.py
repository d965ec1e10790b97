"""HAProxy's `log-format`, and what its aliases mean.

All times are in milliseconds, -1 where the phase was not reached, with a '+' before what went on (option logasap). %Ta
is from the first byte of the request to the end, %Tt from the connection; %Tc and %Tr, together, are the server's part.
Consecutive spaces are written as one, so that an empty %hr leaves none.
https://docs.haproxy.org/3.0/configuration.html#8.2.6 https://docs.haproxy.org/3.0/configuration.html#8.4
"""

import re

from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.reading import (
    ATTRIBUTE,
    CLF,
    CLF_LOCAL,
    CLF_WITH_ZONE,
    FRONTEND,
    NUMBER,
    TERMINATION_STATE,
    UPSTREAM_PART,
    WORD,
    Reading,
    attribute,
    not_kept,
    request_header,
    response_header,
)
from collector.formats.custom.template import Capture, Literal, Part, Template, adjacency_faults, scan, template
from collector.formats.shared.clock import CLF_TIME

# %o writes nothing, and of the spaces around it one is written: its flags are those of everything behind it.
_ALIAS = re.compile(
    r"%(?:\([^)]*\))?(?:\{(?P<flags>[-+A-Z,a-z]*)\})?"
    r"(?:\[(?P<expression>(?:[^\[\]]|\[[^\]]*\])*)\]|(?P<output>o(?![A-Za-z]) ?)|(?P<name>[A-Za-z]+|%))?"
)
# A whole line, as it stands in haproxy.cfg.
_LINE = re.compile(r"\s*(?:option\s+)?log-format\s+(?P<text>.*?)\s*")
_HEADER = re.compile(r"(?:(?P<of>req|res)\.f?hdr|capture\.(?P<captured>req|res)\.hdr|hdr)\((?P<name>[^,)]+)")

_COUNT = r"[-+0-9]+"
_CAPTURED = r"\{[^}]*\}"
_MILLISECONDS = CLF_TIME + r"\.[0-9]{3}"

_ALIASES = {
    "B": Reading("response_bytes", pattern=_COUNT),
    "U": Reading("request_bytes", pattern=_COUNT),
    "CC": not_kept(WORD), "CS": not_kept(WORD),
    "H": Reading("instance", pattern=WORD),
    "HM": Reading("method", pattern=r"[^ \"]+"),
    "HP": Reading("url", pattern=r"[^ \"]+"), "HPO": Reading("url", pattern=r"[^ \"]+", rank=1),
    "HU": Reading("url", pattern=r"[^ \"]+"), "HQ": not_kept(r"[^ \"]*"),
    "HV": Reading("protocol", pattern=r"[^ \"]*"),
    "ID": Reading("request_id", pattern=WORD),
    "ST": Reading("status", pattern=_COUNT),
    "T": Reading("time", CLF, pattern=CLF_WITH_ZONE, rank=4),
    "Tl": Reading("time", CLF, pattern=CLF_WITH_ZONE, rank=4),
    "trg": Reading("time", CLF, pattern=CLF_WITH_ZONE, rank=3),
    "trl": Reading("time", CLF, pattern=CLF_WITH_ZONE, rank=3),
    "t": Reading("time", CLF_LOCAL, pattern=_MILLISECONDS, rank=2),
    "tr": Reading("time", CLF_LOCAL, pattern=_MILLISECONDS, rank=1),
    "Ts": Reading("time", "unix", pattern=r"[0-9]+", rank=5),
    "ms": not_kept(r"[0-9]+"),
    "Ta": Reading("duration", "ms", pattern=_COUNT), "Tu": Reading("duration", "ms", pattern=_COUNT, rank=1),
    "Tt": Reading("duration", "ms", pattern=_COUNT, rank=2),
    "Tc": Reading(UPSTREAM_PART, "ms", pattern=_COUNT), "Tr": Reading(UPSTREAM_PART, "ms", pattern=_COUNT),
    "Td": not_kept(_COUNT), "Th": not_kept(_COUNT), "Ti": not_kept(_COUNT), "Tq": not_kept(_COUNT),
    "TR": not_kept(_COUNT), "Tw": not_kept(_COUNT),
    "ac": not_kept(_COUNT), "bc": not_kept(_COUNT), "fc": not_kept(_COUNT), "sc": not_kept(_COUNT),
    "rc": not_kept(_COUNT), "sq": not_kept(_COUNT), "bq": not_kept(_COUNT), "lc": not_kept(_COUNT),
    "rt": not_kept(_COUNT), "pid": not_kept(_COUNT),
    "b": Reading("upstream", pattern=r"[^ \"/]+"), "s": Reading("upstream_address", pattern=r"[^ \"]+"),
    "f": Reading(FRONTEND, pattern=WORD), "ft": Reading(FRONTEND, pattern=WORD),
    "ci": Reading("client_address", pattern=WORD), "cp": not_kept(_COUNT),
    "bi": not_kept(WORD), "bp": not_kept(_COUNT), "fi": not_kept(WORD), "fp": not_kept(_COUNT),
    "si": not_kept(WORD), "sp": not_kept(_COUNT),
    "hr": Reading(ATTRIBUTE, name="haproxy.captured_request_headers", pattern=_CAPTURED, is_optional=True),
    "hs": Reading(ATTRIBUTE, name="haproxy.captured_response_headers", pattern=_CAPTURED, is_optional=True),
    "hrl": not_kept(".*"), "hsl": not_kept(".*"),
    "r": Reading("request"),
    "sslc": attribute("haproxy.tls_cipher", WORD), "sslv": attribute("haproxy.tls_version", WORD),
    "ts": Reading(TERMINATION_STATE, pattern=r"[-A-Za-z]{2}"),
    "tsc": Reading(TERMINATION_STATE, pattern=r"[-A-Za-z]{4}"),
}  # fmt: skip
_EXPRESSIONS = {
    "src": Reading("client_address", pattern=WORD),
    "method": Reading("method", pattern=r"[^ \"]+"),
    "path": Reading("url", pattern=r"[^ \"]+"),
    "url": Reading("url", pattern=r"[^ \"]+"),
    "status": Reading("status", pattern=_COUNT),
    "unique-id": Reading("request_id", pattern=WORD),
    "ssl_fc_sni": Reading("server_name"),
    "req.ver": attribute("haproxy.req.ver"),
}
# What it says of servers and of itself, TCP connections, which have three timers, and those that became no session.
_MESSAGES = (
    r"(?:^|: )(?:[A-Z][a-z]+|backend|frontend|listener) [^ ]+ [^\[]*$"
    r"|[^ ]:[0-9]+ \[[^\]]*\] (?:[^ ]+ [^ ]+/[^ ]+ [-+0-9]+/[-+0-9]+/[-+0-9]+ |[^ /]+/[^ :]*: )"
    r"|\] \"TCP \" 000 |(?:^|: )\[(?:ALERT|WARNING|NOTICE|DIAG)\] "
)
_UNQUOTED = frozenset({_COUNT, r"[0-9]+", CLF_WITH_ZONE, _MILLISECONDS, NUMBER})


def parse(text: str) -> Template:
    """The template of a log-format: its text, or the whole directive. Raises DefinitionFault."""
    text = _unquoted(text)
    faults: list[Fault] = []
    parts: list[Part] = []
    all_quoted = False
    for found in scan(_ALIAS, text):
        if isinstance(found, Literal):
            parts.append(found)
            continue
        flags = found["flags"] or ""
        is_quoted = "+Q" in flags or (all_quoted and "-Q" not in flags)
        if found["output"]:
            all_quoted = is_quoted
        elif found["name"] == "%":
            parts.append(Literal("%", found.start()))
        elif reading := _reading(found, faults):
            has_quotes = is_quoted and reading.pattern not in _UNQUOTED
            quote = [Literal('"', found.start())] if has_quotes else []
            parts += [*quote, Capture(reading, found.start()), *quote]
    line = template(parts, has_escapes=True, messages=_MESSAGES)
    faults += adjacency_faults(line)
    if faults:
        raise DefinitionFault("haproxy", text, faults)
    return line


def _reading(found: re.Match[str], faults: list[Fault]) -> Reading | None:
    if found["expression"] is not None:
        return _of_expression(found["expression"].strip())
    if found["name"] is None:
        faults.append(Fault(found.start(), "`%` must be followed by an alias, as in %ST, or by %[expression]"))
        return None
    known = _ALIASES.get(found["name"])
    if known is None:
        faults.append(Fault(found.start(), f"%{found['name']} is no alias of log-format"))
    return known


def _of_expression(text: str) -> Reading:
    if known := _EXPRESSIONS.get(text):
        return known
    header = _HEADER.match(text)
    if header and not header["name"].isdigit():
        is_response = "res" in (header["of"], header["captured"])
        return response_header(header["name"]) if is_response else request_header(header["name"])
    return attribute(f"haproxy.{text}")


def _unquoted(text: str) -> str:
    if found := _LINE.fullmatch(text):
        text = found["text"]
    if len(text) > 1 and text[0] == text[-1] == '"' and "%" in text:
        text = text[1:-1]
    text = text.replace("\\ ", " ").replace('\\"', '"')
    return re.sub(" +", " ", text)
