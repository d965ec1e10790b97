"""Where the pieces of many files leave together: one segment for all of a format, under an id of ours.

A segment for each file would cost ClickHouse an insert for each file and second.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from collector.payload import Payload
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from storage.errors import SpoolFull

_RECEIVER = "files"


class SegmentIntake(Protocol):
    """What a receiver of files needs of the spool."""

    async def accept(self, segment_id: str, payloads: Sequence[Payload]) -> None:
        """Make payloads of one format durable as a segment; the same id is stored once. Raises SpoolFull."""

    def refused(self, reason: str) -> None:
        """Count what cannot be read."""


class SegmentDoor:
    """The door to the spool for whole segments."""

    def __init__(self, spool: Spool, metrics: CollectorMetrics) -> None:
        self._spool = spool
        self._metrics = metrics

    async def accept(self, segment_id: str, payloads: Sequence[Payload]) -> None:
        try:
            await asyncio.to_thread(self._spool.append_segment, segment_id, payloads)
        except SpoolFull:
            self.refused("spool_full")
            raise
        for payload in payloads:
            self._metrics.accepted(_RECEIVER, payload.format, len(payload.body))

    def refused(self, reason: str) -> None:
        self._metrics.refused(_RECEIVER, reason)
