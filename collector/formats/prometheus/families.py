"""Metadata of metrics, apart from samples: remote write 1.0 sends kinds and units in requests of their own.

https://prometheus.io/docs/specs/prw/remote_write_spec/
"""

import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from collector.formats.shared.literal import literal
from storage.durable import sync_directory

_log = logging.getLogger(__name__)

# By the number of the type; 0 is unknown.
TYPE_NAMES = ("", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
_SAMPLES: Mapping[str, tuple[str, ...]] = {
    "counter": ("", "_total"),
    "gauge": ("",),
    "histogram": ("", "_bucket", "_sum", "_count"),
    "gaugehistogram": ("", "_bucket", "_gsum", "_gcount"),
    "summary": ("", "_sum", "_count"),
    "info": ("", "_info"),
    "stateset": ("",),
}
# Types that the name of a sample shows by itself.
_NAMED_TYPES = {("counter", "_total"), ("histogram", "_bucket")}
# All of them stand in the statement of each segment.
MOST_FAMILIES = 5_000
_LONGEST = 300
_APART = "|"


class Family(NamedTuple):
    """A family of metrics: `type` as in TYPE_NAMES."""

    name: str
    type: str
    unit: str


class Families:
    """The metric families that senders described last, in memory and in a file; thread-safe."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._change = threading.Lock()
        self._families: dict[str, Family] = {}
        self._fragment = ""
        self._is_saved = True
        if file is not None and file.exists():
            self._load(file)

    def learn(self, families: Iterable[Family]) -> bool:
        """Remember families and forget the oldest beyond the limit; returns whether any is new."""
        with self._change:
            before = len(self._families)
            fresh = [one for one in families if _is_of_use(one) and self._families.get(one.name) != one]
            self._families |= {one.name: one for one in fresh}
            for name in list(self._families)[: max(0, len(self._families) - MOST_FAMILIES)]:
                del self._families[name]
            if fresh:
                self._fragment, self._is_saved = "", False
            return bool(fresh) or len(self._families) != before

    def save(self) -> None:
        """Save what is new; senders repeat what cannot be saved."""
        with self._change:
            if self._file is None or self._is_saved:
                return
            content = json.dumps(list(self._families.values()), ensure_ascii=False)
            self._is_saved = True
        fresh = self._file.with_suffix(".new")
        try:
            with fresh.open("w", encoding="utf-8") as written:
                written.write(content)
                written.flush()
                os.fsync(written.fileno())
            fresh.replace(self._file)
            sync_directory(self._file.parent)
        except OSError as error:
            _log.warning(
                "What senders tell of their metrics cannot be written down, and is not known after a restart; make "
                "room, or let the directory be written.",
                extra={"path": str(self._file), "error": str(error)},
            )

    def fragments(self) -> Mapping[str, str]:
        """What is known of a sample by the column `name`, as SQL: its type and unit with a bar between, or ''."""
        with self._change:
            if not self._fragment and self._families:
                samples = dict(pair for one in self._families.values() for pair in _samples(one))
                names, kinds = ", ".join(map(literal, samples)), ", ".join(map(literal, samples.values()))
                self._fragment = f"transform(name, [{names}], [{kinds}], '')" if samples else ""
            return {"known_kind": self._fragment} if self._fragment else {}

    def _load(self, file: Path) -> None:
        try:
            listed = [Family(*map(str, one)) for one in json.loads(file.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            # Senders repeat it.
            _log.warning("What was known of metrics cannot be read, and is learned anew.", extra={"path": str(file)})
            return
        self._families = {one.name: one for one in listed if _is_of_use(one)}


def _is_of_use(one: Family) -> bool:
    return (
        one.type in _SAMPLES and 0 < len(one.name) <= _LONGEST and len(one.unit) <= _LONGEST and _APART not in one.unit
    )


def _samples(one: Family) -> Iterator[tuple[str, str]]:
    for suffix in _SAMPLES[one.type]:
        name = one.name if one.name.endswith(suffix) else one.name + suffix
        is_in_name = any(one.type == kind and name.endswith(end) for kind, end in _NAMED_TYPES)
        if one.unit or not is_in_name:
            yield name, f"{one.type}{_APART}{one.unit}"
