"""Which segments are being loaded, so that the next process knows what the last one died of.

A load that is killed leaves its note behind. The note also says up to which block each table was filled before the
segment was first tried: where no table has grown since, nothing of the segment is stored, and it may be cut. The notes
are not synced: they are to outlive the process, not the machine.
"""

import json
import logging
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from collector.spool.segment import Segment
from storage.store import Store

_log = logging.getLogger(__name__)

# How many processes may die while loading a segment, by its fault or not, before it is quarantined.
_MOST_DEATHS = 5
# And so often in a row it may have needed more memory than there is.
_MOST_REFUSALS = 8

# Those that a load fills; others are filled at times of their own.
_FILLED = (
    "SELECT table, max(max_block_number) FROM system.parts WHERE database = currentDatabase() AND active AND table IN"
    " ('requests', 'metrics', 'spans', 'logs', 'dead_letters', 'books', 'api_1m', 'api_1h', 'mesh_destinations')"
    " GROUP BY table"
)
_UNDER_WAY = (
    "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    " AND Settings['insert_deduplication_token'] = {token:String}"
)


@dataclass
class Attempt:
    """The tries of one segment, those of earlier processes included."""

    filled: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    refusals: int = 0
    is_inherited: bool = False
    # Other statements make other blocks of the same rows, which would not be recognised as stored.
    by_fast_path: bool = False

    @property
    def is_hopeless(self) -> bool:
        return self.deaths >= _MOST_DEATHS or self.refusals >= _MOST_REFUSALS


class Attempts:
    """The notes on segments that are not stored yet, in a directory of their own; safe to use from many threads."""

    def __init__(self, directory: Path, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._noted: dict[str, Attempt] = {}
        directory.mkdir(parents=True, exist_ok=True)

    def begin(self, segment: Segment) -> Attempt:
        """Note that a segment is being loaded; where this process dies of it, the next one counts a death."""
        attempt = self._noted.get(segment.id) or self._inherited(segment) or Attempt(self._filled())
        self._noted[segment.id] = attempt
        self._write(segment, attempt, deaths=attempt.deaths + 1)
        return attempt

    def loading(self, segment: Segment, *, by_fast_path: bool) -> None:
        """Note which statement the segment is being loaded by."""
        attempt = self._noted[segment.id]
        if attempt.by_fast_path != by_fast_path:
            attempt.by_fast_path = by_fast_path
            self._write(segment, attempt, deaths=attempt.deaths + 1)

    def failed(self, segment: Segment, *, by_memory: bool) -> None:
        """Note that a load has failed, and this process has not."""
        attempt = self._noted[segment.id]
        attempt.refusals = attempt.refusals + 1 if by_memory else 0
        self._write(segment, attempt, deaths=attempt.deaths)

    def forget(self, segment: Segment) -> None:
        """Note that a segment is stored, or others have taken its place."""
        self._noted.pop(segment.id, None)
        self._path(segment).unlink(missing_ok=True)

    def give_up(self, segment: Segment) -> None:
        """Note that a segment is given up: one that comes back is tried with care, and as often again."""
        attempt = self._noted.pop(segment.id)
        self._write(segment, attempt, deaths=1)

    def forget_all_but(self, segment_ids: Set[str]) -> None:
        """Drop the notes on segments that are gone."""
        for path in self._directory.iterdir():
            if path.stem not in segment_ids:
                path.unlink()

    def has_stored_nothing(self, segment: Segment, attempt: Attempt) -> bool:
        """Whether no table has grown since the segment was first tried, nor will by what a killed process has begun.

        On a server that goes on without it. Asked first: what has ended in between has made the tables grow.
        """
        is_under_way = self._store.rows(_UNDER_WAY, {"token": segment.id}) != [(0,)]
        return not is_under_way and self._filled() == attempt.filled

    def _inherited(self, segment: Segment) -> Attempt | None:
        try:
            found = json.loads(self._path(segment).read_text(encoding="utf-8"))
            attempt = Attempt(
                dict(found["filled"]),
                int(found["deaths"]),
                is_inherited=True,
                by_fast_path=bool(found.get("by_fast_path", True)),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            # Cut off by a power failure: what is not known to be unstored is taken for stored.
            attempt = Attempt({}, 1, is_inherited=True, by_fast_path=True)
        _log.warning(
            "A process has ended while it stored a segment, which is now stored with more care.",
            extra={"segment_id": segment.id, "deaths": attempt.deaths},
        )
        return attempt

    def _filled(self) -> dict[str, int]:
        return {str(table): int(block) for table, block in self._store.rows(_FILLED)}

    def _write(self, segment: Segment, attempt: Attempt, deaths: int) -> None:
        note = {"filled": attempt.filled, "deaths": deaths, "by_fast_path": attempt.by_fast_path}
        written = self._path(segment).with_suffix(".new")
        written.write_text(json.dumps(note), encoding="utf-8")
        written.rename(self._path(segment))

    def _path(self, segment: Segment) -> Path:
        return self._directory / f"{segment.id}.json"
