"""What takes the blocks of an import in tests: memory, or a store at once."""

import time
from pathlib import Path

from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.importer.block import Block
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.segment_ledger import stored_segments
from storage.store import Store
from tests.collector.rigs.storing import writer_of


class MemorySink:
    """Takes blocks and remembers them."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.asked = 0

    def stored(self, prefix: str) -> set[str]:
        self.asked += 1
        return {segment_id for segment_id in self.blocks if segment_id.startswith(prefix)}

    def send(self, block: Block) -> None:
        assert block.segment_id not in self.blocks
        self.blocks[block.segment_id] = block

    @property
    def content(self) -> bytes:
        return b"".join(block.body for block in self.blocks.values())

    def lines(self) -> dict[str, list[bytes]]:
        """The lines of each format, in the order in which they came."""
        found: dict[str, list[bytes]] = {}
        for block in self.blocks.values():
            found.setdefault(block.format, []).extend(block.body.splitlines())
        return found


class StoredSink:
    """Stores each block at once."""

    def __init__(self, store: Store, directory: Path, formats: Formats = FORMATS) -> None:
        self._store = store
        self._spool = Spool(directory, SpoolConfig())
        self._writer = writer_of(store, self._spool, formats=formats)

    def stored(self, prefix: str) -> set[str]:
        return set(stored_segments(self._store, prefix))

    def send(self, block: Block) -> None:
        payload = Payload(
            block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, block.peer
        )
        self._spool.append_segment(block.segment_id, [payload])
        segment = self._spool.take(0)
        assert segment is not None
        self._writer.store(segment)

    def close(self) -> None:
        self._spool.close()
