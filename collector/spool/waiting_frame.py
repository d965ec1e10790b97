"""Frames that wait for the spool's next commit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.spool.answer import Answer
from collector.spool.frame import encoded_parts
from collector.spool.payload import Delivery, Payload


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """A frame that waits for the next commit, and the answer to its sender."""

    frame: tuple[bytes, bytes, bytes]
    size: int
    answer: Answer
    delivery: Delivery | None = None


def waiting_frame(payload: Payload, answer: Answer) -> WaitingFrame:
    frame = encoded_parts(payload)
    return WaitingFrame(frame, sum(map(len, frame)), answer, payload.delivery)


def batches(group: Sequence[WaitingFrame], size: int) -> Iterator[list[WaitingFrame]]:
    """Parts of about so many bytes, so that a large group still becomes segments of the usual size."""
    batch: list[WaitingFrame] = []
    gathered = 0
    for waiting in group:
        batch.append(waiting)
        gathered += waiting.size
        if gathered >= size:
            yield batch
            batch, gathered = [], 0
    if batch:
        yield batch
