"""Inputs and what they carry: an input sends golden cases by a client, and leaves a spool that holds them."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from collector.formats.formats import FORMATS
from collector.formats.otlp.requests import JSON_NAMES
from collector.records.json_body import unframed
from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import PEER, RECEIVED_AT, Case
from tests.collector.rigs.receiver_rig import Rig
from tests.patience import PATIENCE

Send = Callable[[Path, Sequence[Case]], Spool]

ENVIRONMENT = "golden"
MOMENT = int(RECEIVED_AT.timestamp())

# How a record begins that goes on over lines: behind one of Mule's logs a stack trace, JSON, or headers and a body.
_MULE_RECORD = re.compile(
    rb"^(?=, \{|(?<!\n\n)(?<!\n\[\n)(?<!\},\n)\{|[A-Z]+ +\d{4}-|\d{4}-\d\d-\d\d[ T]|\[[\d-]+ \d\d:|com\.mulesoft\.)",
    re.MULTILINE,
)
_FLEX_RECORD = re.compile(rb"^(?![ \t]+\S|Caused by:|goroutine |main\.)", re.MULTILINE)
_RECORDS_OF_LINES = {"mule_log": _MULE_RECORD, "mule_analytics": _MULE_RECORD, "flex": _FLEX_RECORD}

# Formats whose payloads are lines, and may come by any input that carries lines.
LINES = (
    "envoy_json", "envoy_text", "combined", "common", "haproxy", "mule_analytics", "mule_log", "flex", "json",
    "fluent_metrics", "hec_metrics", *JSON_NAMES.values(),
)  # fmt: skip

# What is no JSON cannot be a record of JSON: an agent has it as text, and text is a log.
_NO_RECORDS = frozenset(
    {"json/broken", "flex/broken", "mule_analytics/broken", "fluent_metrics/broken", "hec_metrics/broken"}
)
# Without the names that tell an access log, a record is a log.
_NOT_FOUND = frozenset({"envoy_json/missing"})

# Formats whose records are objects, which agents send as such.
_OBJECTS = frozenset({"json", "flex", "fluent_metrics", "hec_metrics", *JSON_NAMES.values()})


@dataclass(frozen=True)
class Input:
    """An input. `copies` are how often it sends each case, `peer` is who it says has sent it."""

    name: str
    send: Send
    carries: Callable[[Case], bool]
    copies: int = 1
    peer: str = PEER
    # Whether the client sends text, in which bytes that are no UTF-8 are replaced before they are sent.
    of_text: bool = False
    # Whether the client tells a time for each record: of a record that is a log it comes first.
    tells_time: bool = False
    # What it adds to a case, as golden rows.
    adds: Callable[[Case], list[dict[str, Any]]] = lambda case: []


def client_of(rig: Rig) -> httpx.Client:
    """One for all requests: what a client makes ready for TLS costs more than a request."""
    return httpx.Client(base_url=rig.http, trust_env=False, timeout=PATIENCE)


def lines(case: Case) -> list[bytes]:
    """What an agent makes records of: lines, or several where a record has them. It skips those that are empty."""
    pattern = _RECORDS_OF_LINES.get(case.format)
    found = pattern.split(case.body()) if pattern else case.body().split(b"\n")
    return [line.removesuffix(b"\n") for line in found if line.strip()]


def texts(case: Case) -> list[str]:
    return [line.decode("utf-8", "replace") for line in lines(case)]


def is_told_by_each_line(case: Case) -> bool:
    """Whether what is not named can be found, whichever record comes first."""
    found = {FORMATS.recogniser.detect(line) for line in lines(case)}
    return found == {case.format} or (case.format == "json" and found == {None} and is_of_objects(case))


def is_of_objects(case: Case) -> bool:
    return all(_object(text) is not None for text in texts(case))


def records(case: Case) -> list[dict[str, Any]]:
    """As an agent has them: an object that it has parsed, or a line under `log`."""
    found = []
    for text in texts(case):
        parsed = _object(text) if case.format in _OBJECTS else None
        found.append({"log": text} if parsed is None else parsed)
    return found


def entries(case: Case) -> list[dict[str, Any]]:
    """The same without time and tag, which Forward has for every record."""
    ours = {"fluent_time", "fluent_tag"}
    return [{name: value for name, value in record.items() if name not in ours} for record in records(case)]


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def is_of_lines(case: Case) -> bool:
    return case.format in LINES


def is_body(case: Case) -> bool:
    """A request without a body is refused."""
    return bool(case.body())


def is_text(case: Case) -> bool:
    """Lines, or a text of its own: what is scraped, or an export as JSON."""
    return FORMATS[case.format].is_text


def is_of_records(case: Case) -> bool:
    return is_of_lines(case) and case.name not in _NO_RECORDS


def is_found(case: Case) -> bool:
    return is_of_lines(case) and case.name not in _NOT_FOUND and is_told_by_each_line(case)


def is_found_in_a_file(case: Case) -> bool:
    return is_found(case) and case.format != "json"


def is_found_whole(case: Case) -> bool:
    return is_found_in_a_file(case) or (not is_of_lines(case) and FORMATS.recogniser.detect(case.body()) == case.format)


def is_found_in_a_body(case: Case) -> bool:
    """JSON over many lines is put on one there."""
    return is_found(case) or (not is_of_lines(case) and FORMATS.recogniser.detect(unframed(case.body())) == case.format)


def is_a_mule_event(case: Case) -> bool:
    return case.name == "mule_analytics/agent_file"
