"""Records as the lines of formats: which format each is in, and what of it is the line."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.entries import Entry, Record, as_json, stamp
from collector.transforms.detect import detect

ANYTHING = "json"
# Formats whose lines are whole records, with our tag and time, and with what Kubernetes says of them.
_STAMPED = frozenset({ANYTHING, "flex"})
_ENVOY_JSON, _ENVOY_TEXT = "envoy_json", "envoy_text"
_ENVOY_LINE = re.compile(r'\[\d{4}-\d\d-\d\dT[^\]]+\] "')

# The key under which agents put a line that they have not parsed,
_LINE = "log"
# and another, where nothing but the agent's own words stands beside it.
_OTHER_LINE = "message"
_BESIDE_A_LINE = frozenset({
    _OTHER_LINE, "kubernetes", "docker", "container_id", "container_name", "source", "stream", "time", "logtag", "_p",
    "hostname", "host", "file", "filename", "filepath", "path", "offset", "tag",
})  # fmt: skip

# What Kubernetes adds to the name of a workload for each pod.
_POD_SUFFIX = re.compile(r"(?:-[a-z0-9]{5,10})?-[a-z0-9]{5}$")

_ENCODER = msgspec.json.Encoder(enc_hook=as_json)

_NO_RULE = ForwardRule(tag="*")
_TAGS_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one format; of one pod, where they do not name it themselves."""

    format: str
    body: bytes
    workload: str = ""
    pod: str = ""


class Rules:
    """What the configuration says of records by their tag."""

    def __init__(self, config: ForwardConfig) -> None:
        self._rules = tuple((re.compile(fnmatch.translate(rule.tag)), rule) for rule in config.rules)
        self.of = lru_cache(_TAGS_KNOWN)(self._of)

    def _of(self, tag: str) -> ForwardRule:
        return next((rule for pattern, rule in self._rules if pattern.match(tag)), _NO_RULE)


def sort(entries: Sequence[Entry], tag: str, format_name: str) -> list[Lines]:
    """The entries as lines of a format, or where none is given, of those that they are in."""
    found = format_name or _told_by(entries[0].record)
    if found in _STAMPED:
        return [Lines(found, _json(stamp(entries, tag)))]
    if found:
        return [
            Lines(found, _texts(records), *place) for place, records in _by_place([entry.record for entry in entries])
        ]
    return _sort_envoys(entries, tag)


def _told_by(first: Record) -> str:
    """A format that the first record tells for all; '' for anything, with Envoy's access log in it or not."""
    found = detect(_json([first])) or detect(_line(first).encode())
    return "" if found in (None, ANYTHING, _ENVOY_JSON, _ENVOY_TEXT) else str(found)


def _sort_envoys(entries: Sequence[Entry], tag: str) -> list[Lines]:
    """Envoy writes other messages to where its access log goes, and applications write what they please."""
    kinds = [_envoy_format(entry.record) for entry in entries]
    found = []
    for name in (_ENVOY_JSON, _ENVOY_TEXT):
        records = [entry.record for kind, entry in zip(kinds, entries, strict=True) if kind == name]
        found += [Lines(name, _texts(part), *place) for place, part in _by_place(records)]
    others = [entry for kind, entry in zip(kinds, entries, strict=True) if not kind]
    if others:
        found.append(Lines(ANYTHING, _json(stamp(others, tag))))
    return found


def _envoy_format(record: Record) -> str:
    if "response_code" in record and ("start_time" in record or "upstream_cluster" in record):
        return _ENVOY_JSON
    line = _line(record)
    if line.startswith("["):
        return _ENVOY_TEXT if _ENVOY_LINE.match(line) else ""
    is_object = line.startswith("{") and '"response_code"' in line and "\n" not in line.rstrip("\n")
    return _ENVOY_JSON if is_object else ""


def _by_place(records: Sequence[Record]) -> Iterator[tuple[tuple[str, str], Sequence[Record]]]:
    """Records of one pod each, under its workload and name; those of none together."""
    if not any("kubernetes" in record for record in records):
        if records:
            yield ("", ""), records
        return
    places: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        places[_place(record.get("kubernetes"))].append(record)
    yield from places.items()


def _place(kubernetes: object) -> tuple[str, str]:
    """A workload as people name it, as json_named.sql does, and its pod."""
    if not isinstance(kubernetes, dict) or not isinstance(pod := kubernetes.get("pod_name"), str):
        return "", ""
    labels = kubernetes.get("labels")
    names = labels if isinstance(labels, dict) else {}
    workload = names.get("app.kubernetes.io/name") or names.get("app") or _POD_SUFFIX.sub("", pod)
    namespace = kubernetes.get("namespace_name")
    return f"{workload}.{namespace}" if namespace else str(workload), pod


def _texts(records: Sequence[Record]) -> bytes:
    """The line that each record holds; one without is a line itself."""
    if not any(_LINE in record or _OTHER_LINE in record for record in records):
        return _json(records)
    return b"".join(_ended(line.encode()) if (line := _line(record)) else _json([record]) for record in records)


def _line(record: Record) -> str:
    line = record.get(_LINE)
    if line is None and _OTHER_LINE in record and record.keys() <= _BESIDE_A_LINE:
        line = record[_OTHER_LINE]
    return line if isinstance(line, str) else ""


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _json(records: Sequence[Record]) -> bytes:
    try:
        return _ENCODER.encode_lines(records)
    except TypeError:
        return _ENCODER.encode_lines(as_json(records))
