"""The blocks of an import, and the sink that takes them."""

from dataclasses import dataclass, field
from typing import Protocol

from collector.formats.shared.clock import KEPT_TIME
from collector.records.place import NOWHERE, Place


@dataclass(frozen=True)
class Block:
    """Whole lines of one format; `segment_id` is the same whenever the same block of the same log comes."""

    segment_id: str
    format: str
    body: bytes
    environment: str
    gateway: str
    peer: str


class BlockSink(Protocol):
    """Takes blocks: the spool of this process, or a running one over HTTP."""

    def stored(self, prefix: str) -> set[str]:
        """The segments whose ids begin so and that are stored, or wait for it."""

    def send(self, block: Block) -> None:
        """Take a block; it is durable on return."""


@dataclass(frozen=True)
class Labels:
    """A log's labels, given from outside. Other labels make it another log, except for its origin."""

    environment: str = ""
    gateway: str = ""
    # Its origin: name, writing instance, and what its path names.
    name: str = ""
    instance: str = ""
    of_path: Place = NOWHERE
    # Makes another log of it, to store the same again.
    salt: str = ""
    # Whether its events keep their own time, however old they are.
    keep_time: bool = False

    @property
    def prefix(self) -> str:
        """How the ids of its segments begin."""
        return f"{KEPT_TIME if self.keep_time else ''}import-"

    def place(self, of_record: Place) -> Place:
        """The gateway of a record, and its sender: a name before a path is that of an instance."""
        sender = f"{self.instance}:/{self.name}" if self.instance else f"./{self.name}"
        return Place(
            of_record.gateway or self.of_path.gateway or self.gateway,
            of_record.instance or self.of_path.instance or sender,
        )

    def identity(self, format_name: str) -> str:
        kept = f"\0{KEPT_TIME}" if self.keep_time else ""
        return f"{format_name}\0{self.environment}\0{self.gateway}\0{self.salt}{kept}"


@dataclass
class ImportSummary:
    """What became of a log, and the ids of its blocks: those of the parts of a block begin with that of the block.

    Its `format` is that of its first record.
    """

    format: str
    bytes_read: int = 0
    segment_ids: list[str] = field(default_factory=list)
    blocks_known: int = 0

    @property
    def blocks(self) -> int:
        return len(self.segment_ids)
