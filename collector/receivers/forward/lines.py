"""Records as the lines of formats: which format each is in, and what of it is the line."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from collector.formats.registry import Formats
from collector.formats.shared.workload import workload_of_pod
from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.entries import Entry, Record, as_json, stamp
from collector.records.classify import Classifier, grouped, is_blank, line_of

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
    """What the configuration says of records by their tag, and the formats that they may be in."""

    def __init__(self, config: ForwardConfig, formats: Formats) -> None:
        self.formats = formats
        self._rules = tuple((re.compile(fnmatch.translate(rule.tag)), rule) for rule in config.rules)
        self.of = lru_cache(_TAGS_KNOWN)(self._of)

    def _of(self, tag: str) -> ForwardRule:
        return next((rule for pattern, rule in self._rules if pattern.match(tag)), _NO_RULE)


def classified(entries: Sequence[Entry], tag: str, rules: Rules, classifier: Classifier) -> list[Lines]:
    """The entries as lines of the format of their tag, or where it has none, of those that they are in.

    The `classifier` is that of the entries before them.
    """
    whole_records = rules.formats.whole_records
    if named := rules.of(tag).format:
        return list(_lines(named, entries, tag, is_whole=named in whole_records))
    names = classifier.formats_of([entry.record for entry in entries])
    return [
        lines
        for name, members in grouped(entries, names).items()
        if name
        for lines in _lines(name, members, tag, is_whole=name in whole_records)
    ]


def _lines(name: str, entries: Sequence[Entry], tag: str, *, is_whole: bool) -> Iterator[Lines]:
    if is_whole:
        yield Lines(name, _json(stamp(entries, tag)))
        return
    for place, records in _by_place([entry.record for entry in entries]):
        yield Lines(name, _texts(records), *place)


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
    workload = names.get("app.kubernetes.io/name") or names.get("app") or workload_of_pod(pod)
    namespace = kubernetes.get("namespace_name")
    return f"{workload}.{namespace}" if namespace else str(workload), pod


def _texts(records: Sequence[Record]) -> bytes:
    """The line that each record holds; one without is a line itself."""
    held = [line_of(record) for record in records]
    if not any(held):
        return _json(records)
    return b"".join(
        _ended(line.encode()) if line else _json([record])
        for line, record in zip(held, records, strict=True)
        if line or not is_blank(record)
    )


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _json(records: Sequence[Record]) -> bytes:
    try:
        return _ENCODER.encode_lines(records)
    except TypeError:
        return _ENCODER.encode_lines(as_json(records))
