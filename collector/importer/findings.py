"""What is worth a word about the rows of an import: asked of the tables once it is stored, by its segments alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.formats.shared.literal import literal
from storage.sql import load

Ask = Callable[[str], Sequence[Mapping[str, Any]]]

_MOST_REASONS = 3
_SHOWN_CHARACTERS = 300
# How many a statement names; those of a segment have its id and a digest, some 100 bytes.
_SEGMENTS_AT_ONCE = 500
# Where a row keeps the time that was not believed.
_ATTRIBUTES = {"logs": "attributes", "metrics": "labels", "spans": "attributes"}


@dataclass(frozen=True)
class Reason:
    """Why records are dead letters, and one of them."""

    reason: str
    count: int
    example: str


@dataclass
class Findings:
    """Findings in an import's rows: what they lack, and what is doubtful."""

    formats: list[str] = field(default_factory=list)
    without_duration: int = 0
    doubtful: Counter[str] = field(default_factory=Counter)
    older_than_retention: int = 0
    # The first of their times; '' where there are none.
    oldest: str = ""
    ahead_of_clock: int = 0
    dead_letters: list[Reason] = field(default_factory=list)
    # The tables whose TTL deletes what is old, where the rows keep their own time.
    tables_with_ttl: list[str] = field(default_factory=list)
    # Why nothing could be asked; '' where it could.
    fault: str = ""

    def count_time(self, clock: str, count: int, oldest: str) -> None:
        if clock == "older":
            self.older_than_retention += count
            self.oldest = min(self.oldest or oldest, oldest)
        elif clock == "ahead":
            self.ahead_of_clock += count


def findings(segment_ids: Sequence[str], rows: Mapping[str, int], ask: Ask, *, keeps_time: bool) -> Findings:
    """What `ask` finds in the tables that have `rows` of the segments."""
    found = Findings()
    formats: dict[str, None] = {}
    reasons: dict[str, Reason] = {}
    for listed in _lists(segment_ids):
        of_segments = {"segments": listed}
        formats |= dict.fromkeys(str(row["format"]) for row in ask(_statement("formats_of_import", **of_segments)))
        if rows.get("requests"):
            for row in ask(_statement("requests_of_import", **of_segments)):
                count = int(row["found"])
                found.without_duration += count * int(row["is_without_duration"])
                if row["doubt"]:
                    found.doubtful[str(row["doubt"])] += count
                found.count_time(row["clock"], count, row["oldest"])
        for table, attributes in _ATTRIBUTES.items():
            if rows.get(table):
                for row in ask(_statement("rows_of_import", **of_segments, table=table, attributes=attributes)):
                    found.count_time(row["clock"], int(row["found"]), row["oldest"])
        if rows.get("dead_letters"):
            _add_reasons(reasons, ask(_statement("dead_letters_of_import", **of_segments, **_SHOWN)))
    found.formats = list(formats)
    found.dead_letters = sorted(reasons.values(), key=lambda reason: -reason.count)[:_MOST_REASONS]
    if keeps_time:
        found.tables_with_ttl = [
            table for table in ("requests", *_ATTRIBUTES) if rows.get(table) and _has_ttl(table, ask)
        ]
    return found


_SHOWN = {"characters": str(_SHOWN_CHARACTERS), "most": str(_MOST_REASONS)}


def _add_reasons(reasons: dict[str, Reason], rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        reason = str(row["reason"])
        known = reasons.get(reason) or Reason(reason, 0, str(row["example"]))
        reasons[reason] = Reason(reason, known.count + int(row["found"]), known.example)


def _has_ttl(table: str, ask: Ask) -> bool:
    """Whether age deletes what has just arrived; the retention counts from the arrival on."""
    made = (str(row["statement"]).replace("\n", " ") for row in ask(f"SHOW CREATE TABLE {table}"))
    return any(ttl and "ingested_at" not in ttl for ttl in (statement.partition(" TTL ")[2] for statement in made))


def _lists(segment_ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(segment_ids), _SEGMENTS_AT_ONCE):
        yield ", ".join(map(literal, segment_ids[start : start + _SEGMENTS_AT_ONCE]))


def _statement(name: str, **values: str) -> str:
    text = load("collector.importer", name)
    for place, value in values.items():
        text = text.replace(f"{{{{{place}}}}}", value)
    return text
