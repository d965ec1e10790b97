"""How far the segment ledger has been compared, kept across restarts in a file that people may read and delete."""

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from collector.writer.ledger_balance import Mismatch

_log = logging.getLogger(__name__)

# Further differences are only counted.
_MOST_LISTED = 1_000


@dataclass(frozen=True)
class Progress:
    """The state that a comparison passes to the next one."""

    # What was stored up to here has been compared.
    until: datetime
    # Segments that waited in the spool, or that nobody is known to have stored.
    waiting: tuple[str, ...] = ()
    # Segments that did not balance, to be looked at once more: what is stored meanwhile may seem so.
    suspects: tuple[str, ...] = ()
    # Segments that do not balance, and their number where they are too many to list.
    differences: tuple[Mismatch, ...] = ()
    count: int = 0

    def with_differences(self, found: Sequence[Mismatch]) -> "Progress":
        """The same with further differences."""
        listed = (*self.differences, *found)[:_MOST_LISTED]
        return replace(self, differences=listed, count=self.count + len(found))

    def without(self, segment_ids: Collection[str]) -> "Progress":
        """The same without the differences of segments that have been cured."""
        left = tuple(one for one in self.differences if one.segment_id not in segment_ids)
        return replace(self, differences=left, count=self.count - len(self.differences) + len(left))


def read_progress(path: Path, now: datetime) -> Progress:
    """The file's state; a new one from this moment if there is none, or it is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Progress(
            until=datetime.fromisoformat(document["until"]),
            waiting=tuple(document["waiting"]),
            suspects=tuple(document["suspects"]),
            differences=tuple(Mismatch(**one) for one in document["differences"]),
            count=int(document["count"]),
        )
    except FileNotFoundError:
        return Progress(now)
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.warning(
            "The progress of the reconciliation cannot be read; the ledger is compared from now on.",
            extra={"path": str(path), "error": str(error)},
        )
        return Progress(now)


def write_progress(path: Path, progress: Progress) -> None:
    """Replace the file. Raises OSError."""
    document = asdict(progress) | {"until": progress.until.isoformat()}
    written = path.with_name(f"{path.name}.new")
    written.write_text(json.dumps(document, indent=1), encoding="utf-8")
    written.replace(path)
