"""A segment: a file of frames that becomes one insert."""

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from collector.errors import SpoolFull
from storage.durable import sync_directory

OPEN = ".open"
READY = ".ready"
# Written at once or not at all: what a stopped process left of it is of no use.
PARTIAL = ".part"

_NAME = re.compile(r"^(?P<created>\d{20})\.(?P<format>[a-z0-9_]+)\.(?P<id>[A-Za-z0-9_~+-]+)$")


@dataclass(frozen=True, order=True)
class Segment:
    """A sealed segment; they sort by age.

    `id` is the insert's deduplication token, and so names the same content for ever.
    """

    created_ns: int
    format: str
    id: str
    path: Path
    size: int
    # Whether its bytes are known to be those that were written, by this process or by a look at its checksums.
    is_checked: bool = field(default=True, compare=False)

    @classmethod
    def of(cls, path: Path, *, is_checked: bool = True) -> "Segment":
        """The segment of a file, from its name; raises ValueError for any other name."""
        match = _NAME.match(path.stem)
        if match is None:
            raise ValueError(f"{path.name} is not the name of a spool segment.")
        return cls(int(match["created"]), match["format"], match["id"], path, path.stat().st_size, is_checked)


def durable_ids(directory: Path) -> set[str]:
    """The ids of segments, sealed or open, that hold something durable."""
    found = set()
    for suffix in (OPEN, READY):
        for path in directory.glob(f"*{suffix}"):
            # Other files are left alone, and may be moved away without being missed.
            with suppress(OSError, ValueError):
                if stat.S_ISREG(path.lstat().st_mode) and (segment := Segment.of(path)).size:
                    found.add(segment.id)
    return found


def file_name(created_ns: int, format_name: str, segment_id: str) -> str:
    """The name of a segment's file, without the suffix of its state."""
    return f"{created_ns:020d}.{format_name}.{segment_id}"


def renamed(path: Path, segment_id: str) -> Path:
    """Give a segment's file the name of another id."""
    created, format_name, _ = path.stem.split(".")
    return path.rename(path.with_name(f"{created}.{format_name}.{segment_id}{path.suffix}"))


def seal(path: Path) -> Segment:
    """Mark an open file as complete."""
    sealed = path.with_suffix(READY)
    path.rename(sealed)
    return Segment.of(sealed)


def write_sealed(directory: Path, name: str, payload_frames: Iterable[bytes | memoryview]) -> Segment:
    """Write a whole segment at once, durably; it appears complete or not at all."""
    path = directory / f"{name}{PARTIAL}"
    try:
        with path.open("wb") as file:
            file.writelines(payload_frames)
            file.flush()
            os.fsync(file.fileno())
        segment = seal(path)
        sync_directory(directory)
    except OSError:
        for left in (path, path.with_suffix(READY)):
            left.unlink(missing_ok=True)
        raise
    return segment


def unwritable(error: OSError) -> SpoolFull:
    """The message for a client whose telemetry the disk does not take."""
    failure = SpoolFull(f"The spool cannot be written: {error}. Free space on its disk and send it again.")
    failure.__cause__ = error
    return failure
