"""The journal of replays, so that each dead letter becomes a row once, whenever the process is killed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b

from collector.formats.shared.clock import KEPT_TIME
from collector.replay.letters import DeadLetter, moment
from storage.sql import load
from storage.store import Store

_COLUMNS = ("replay", "format", "read_as", "records", "state", "begun_at", "updated_at")


class State(StrEnum):
    """How far a replay has come."""

    BEGUN = "begun"
    # Its rows are in the tables.
    STORED = "stored"
    # And its dead letters are gone.
    DONE = "done"


@dataclass(frozen=True)
class Replay:
    """A batch of dead letters of one format; `id` is that of the segment that they become."""

    id: str
    format: str
    read_as: str
    records: int
    begun_at: datetime


def replay_of(letters: Sequence[DeadLetter], read_as: str, now: datetime) -> Replay:
    """The same dead letters make the same replay; they are of one format and either all or none of a kept time."""
    content = blake2b(read_as.encode(), digest_size=16)
    for letter in letters:
        content.update(f"\0{letter.received_at_us}\0{letter.segment_id}\0{letter.body_hash}".encode())
    kept = KEPT_TIME if has_kept_time(letters[0]) else ""
    records = sum(len(letter.origins) for letter in letters)
    return Replay(f"{kept}replay-{content.hexdigest()}", letters[0].format, read_as, records, now)


def has_kept_time(letter: DeadLetter) -> bool:
    """Whether its times are kept whatever their age, as those of an import may be."""
    return letter.segment_id.startswith(KEPT_TIME)


class Journal:
    """The tables `replays` and `replayed`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, replay: Replay, letters: Sequence[DeadLetter]) -> None:
        """To be called before anything of it is handed over. Raises StoreError."""
        self._store.insert(
            "replayed",
            ("replay", "segment_id", "format", "received_at", "body_hash", "records"),
            [
                (
                    replay.id,
                    letter.segment_id,
                    letter.format,
                    moment(letter.received_at_us),
                    letter.body_hash,
                    len(letter.origins),
                )
                for letter in letters
            ],
        )
        self.note(replay, State.BEGUN)

    def note(self, replay: Replay, state: State) -> None:
        """Raises StoreError."""
        row = (replay.id, replay.format, replay.read_as, replay.records, state, replay.begun_at, datetime.now(UTC))
        self._store.insert("replays", _COLUMNS, [row])

    def unfinished(self) -> list[tuple[Replay, State]]:
        """The oldest first. Raises StoreError."""
        return [
            (Replay(replay, format_name, read_as, records, begun_at.replace(tzinfo=UTC)), State(state))
            for replay, format_name, read_as, records, state, begun_at in self._store.rows(
                load("collector.replay", "unfinished")
            )
        ]

    def delete_letters(self, replay: Replay) -> None:
        """Take its dead letters away; as often as need be. Raises StoreError."""
        self._store.command(load("collector.replay", "delete"), {"format": replay.format, "replay": replay.id})
