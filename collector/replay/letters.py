"""Dead letters as they are kept, a page at a time."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from collector.spool.payload import Payload
from storage.sql import load
from storage.store import Store

EVER = datetime(1970, 1, 1, tzinfo=UTC)
LATER = datetime(2200, 1, 1, tzinfo=UTC)

# A page is read into memory at once.
_PAGE_LETTERS = 20_000
_PAGE_BYTES = 16 << 20


@dataclass(frozen=True)
class Selection:
    """Which dead letters: of which format, for which reason ('' for any), received from when on and before when."""

    format: str = ""
    reason: str = ""
    start: datetime = EVER
    end: datetime = LATER


class Origin(NamedTuple):
    """The labels that an input gave a payload."""

    environment: str
    gateway: str
    peer: str


@dataclass(frozen=True)
class DeadLetter:
    """Equal dead letters of one segment that were received at the same time, with where each of them came from."""

    received_at_us: int
    segment_id: str
    format: str
    # hex(sipHash128(body)), as ClickHouse computes it.
    body_hash: str
    body: bytes
    reason: str
    origins: Sequence[Origin]

    def payloads(self, read_as: str) -> Iterator[Payload]:
        """The payload as received, to be read as a format."""
        for origin in self.origins:
            yield Payload(read_as, self.body, self.received_at_us, *origin)


def formats_of(store: Store, selection: Selection) -> dict[str, int]:
    """How many dead letters are selected, by their formats. Raises StoreError."""
    parameters = {**_parameters(selection), "format": selection.format}
    return dict(store.rows(load("collector.replay", "formats"), parameters))


def pages(store: Store, selection: Selection, formats: Sequence[str]) -> Iterator[list[DeadLetter]]:
    """The selected dead letters of these formats, the oldest first. Raises StoreError.

    What is deleted or comes while they are read is met once or not at all.
    """
    chosen = {**_parameters(selection), "formats": list(formats)}
    after, after_hash = -1, ""
    while True:
        place = {**chosen, "after": after, "after_hash": after_hash}
        found = store.rows(load("collector.replay", "page"), {**place, "most": _PAGE_LETTERS})
        if not found:
            return
        after, after_hash = _end_of_page(found)
        yield _letters(store, "letters", {**place, "until": after, "until_hash": after_hash})


def letters_of(store: Store, replay: str, format_name: str) -> list[DeadLetter]:
    """The remaining dead letters of a replay. Raises StoreError."""
    return _letters(store, "letters_of_replay", {"replay": replay, "format": format_name})


def moment(received_at_us: int) -> datetime:
    return EVER + timedelta(microseconds=received_at_us)


def _end_of_page(found: Sequence[tuple[Any, ...]]) -> tuple[int, str]:
    left = _PAGE_BYTES
    place = found[0][:2]
    for received_at_us, body_hash, size in found:
        left -= size
        if left < 0:
            break
        place = received_at_us, body_hash
    return place


def _letters(store: Store, statement: str, parameters: Mapping[str, Any]) -> list[DeadLetter]:
    return [
        DeadLetter(
            received_at_us,
            segment_id,
            format_name,
            body_hash,
            base64.b64decode(content),
            reason,
            [Origin(*origin) for origin in origins],
        )
        for received_at_us, segment_id, format_name, body_hash, content, reason, origins in store.rows(
            load("collector.replay", statement), parameters
        )
    ]


def _parameters(selection: Selection) -> dict[str, Any]:
    return {
        "reason": selection.reason,
        "start": _microseconds(selection.start),
        "end": _microseconds(selection.end),
    }


def _microseconds(at: datetime) -> int:
    return (at - EVER) // timedelta(microseconds=1)
