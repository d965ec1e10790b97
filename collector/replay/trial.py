"""Which dead letters a format understands now; nothing is stored by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.formats.descriptor import Format
from collector.formats.transform import Transform
from collector.replay.letters import DeadLetter
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.errors import QueryFailed, QueryMemoryExceeded
from storage.scratch import rows_of_files
from storage.sql import load
from storage.store import Store

# Makes the transform of a format over a file.
MakeTransform = Callable[[Format, Path], Transform]

_UNREADABLE = "the payload cannot be decoded, or takes too much memory"


@dataclass(frozen=True)
class Tried:
    """A dead letter, and why it is one still; '' where it is understood."""

    letter: DeadLetter
    reason: str


class Trial:
    """Reads dead letters by the transform of a format, from a file that is gone afterwards."""

    def __init__(self, store: Store, path: Path, transform: MakeTransform) -> None:
        """`path` is in a directory that the store may read."""
        self._store = store
        self._path = path
        self._transform = transform

    def read(self, known: Format, letters: Sequence[DeadLetter]) -> list[Tried]:
        """One each, in their order. Raises StoreError and OSError."""
        try:
            return self._read(known, letters)
        finally:
            self._path.unlink(missing_ok=True)

    def _read(self, known: Format, letters: Sequence[DeadLetter]) -> list[Tried]:
        if not letters:
            return []
        try:
            return self._read_at_once(known, letters)
        except (QueryFailed, QueryMemoryExceeded):
            if len(letters) == 1:
                return [Tried(letters[0], _UNREADABLE)]
            middle = len(letters) // 2
            return [*self._read(known, letters[:middle]), *self._read(known, letters[middle:])]

    def _read_at_once(self, known: Format, letters: Sequence[DeadLetter]) -> list[Tried]:
        # Rows are matched to payloads by the time of receipt.
        first = letters[0].received_at_us
        with self._path.open("wb") as file:
            for number, letter in enumerate(letters):
                file.write(encode(Payload(known.name, letter.body, first + number, *letter.origins[0])))
        of = self._transform(known, self._path)
        by_payload = load("collector.replay", "by_payload").replace("{{rows}}", of.statement)
        found = rows_of_files(self._store, by_payload, of.schema)
        reasons = {received_at - first: reason for received_at, reason in found}
        # What says nothing has no row at all, and stays what it is.
        return [
            Tried(letter, _sifted(known, letter) or reasons.get(number, letter.reason))
            for number, letter in enumerate(letters)
        ]


def _sifted(known: Format, letter: DeadLetter) -> str:
    """Why ClickHouse would read wrong values; '' where it would not."""
    if known.sift is None or all(name == known.name for name, _ in known.sift(letter.body)):
        return ""
    return _UNREADABLE
