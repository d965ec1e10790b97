"""Recovery at start: sealed segments, those that a stopped process left open, and unknown files."""

import logging
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collector.escape_path import escape_path
from collector.formats.dead_letters.descriptor import CUT_OFF, DAMAGED
from collector.spool.frame import encode
from collector.spool.inspection import Inspection, Range, SegmentFile, inspect, last_delivery
from collector.spool.payload import Delivery, Payload
from collector.spool.segment import OPEN, PARTIAL, READY, Segment, file_name, seal, write_sealed
from storage.durable import sync_directory

_log = logging.getLogger(__name__)

# The most that is kept of a damaged range in a dead letter.
_LETTER_BYTES = 1 << 20

Part = tuple[str, str, Iterable[bytes]]
Remember = Callable[[Sequence[Delivery]], None]


@dataclass
class Recovery:
    """What was found; `unknown` are the names of files that stay where they are."""

    segments: list[Segment] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    damaged_bytes: int = 0
    cut_off_bytes: int = 0


def recover(directory: Path, remember: Remember) -> Recovery:
    """Look at all files of a spool, and seal what is sound of the open ones.

    A sealed file is only opened: whether it is as it was written is looked at before it is stored. `remember` gets the
    deliveries of frames before they are sealed.
    """
    found = Recovery()
    # The open ones first: who was ended while one was recovered has left some of its parts, which come again.
    for path in sorted(directory.iterdir(), key=lambda path: (path.suffix != OPEN, path.name)):
        try:
            _recover_file(path, found, remember)
        except (OSError, ValueError) as error:
            found.unknown.append(path.name)
            _log.error(
                "A file in the spool is left alone: it is no segment, or cannot be read. Move it away, or mend what is "
                "wrong with it and restart.",
                extra={"path": escape_path(path), "error": str(error)},
            )
    return found


def _recover_file(path: Path, found: Recovery, remember: Remember) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path.name} is not a regular file.")
    if path.suffix not in (OPEN, PARTIAL, READY):
        raise ValueError(f"{path.name} does not have the suffix of a spool file.")
    segment = Segment.of(path, is_checked=False)
    if path.suffix == PARTIAL:
        # It was never acknowledged.
        path.unlink()
        return
    with SegmentFile(path) as file:
        if path.suffix == OPEN:
            _recover_open(segment, file, found, remember)
            return
        if (delivery := last_delivery(file)) is not None:
            remember([delivery])
    if segment not in found.segments:
        found.segments.append(segment)


def _recover_open(segment: Segment, file: SegmentFile, found: Recovery, remember: Remember) -> None:
    looked_at = inspect(file, may_be_cut_off=True)
    if not looked_at.size:
        segment.path.unlink()
        return
    remember(looked_at.deliveries)
    if looked_at.is_sound:
        file.sync()
        found.segments.append(seal(segment.path))
    else:
        log_damage(segment, looked_at)
        for format_name, segment_id, frames in parts(segment, file, looked_at):
            # The same again where this is cut short: the original goes last.
            name = file_name(segment.created_ns, format_name, segment_id)
            found.segments.append(write_sealed(segment.path.parent, name, frames))
        segment.path.unlink()
    sync_directory(segment.path.parent)
    found.damaged_bytes += total(looked_at.damaged)
    found.cut_off_bytes += total([looked_at.cut_off] if looked_at.cut_off else [])


def damage_in(segment: Segment) -> Inspection | None:
    """The damage of a sealed segment; None if it is sound. Raises OSError."""
    with SegmentFile(segment.path) as file:
        found = inspect(file, may_be_cut_off=False)
    return None if found.is_sound else found


def parts(segment: Segment, file: SegmentFile, found: Inspection) -> Sequence[Part]:
    """The replacement of a damaged segment: its sound frames, and dead letters of all other bytes."""
    replaced: list[Part] = []
    if found.sound:
        sound = (piece for start, end in found.sound for piece in file.pieces(start, end))
        replaced.append((segment.format, f"{segment.id}~sound", sound))
    if found.damaged:
        replaced.append((DAMAGED.name, f"{segment.id}~damaged", _letters(segment, DAMAGED.name, file, found.damaged)))
    if found.cut_off:
        replaced.append((CUT_OFF.name, f"{segment.id}~cut-off", _letters(segment, CUT_OFF.name, file, [found.cut_off])))
    return replaced


def letters(ranges: Iterable[Range]) -> int:
    """How many dead letters ranges become."""
    return sum(len(range(start, end, _LETTER_BYTES)) for start, end in ranges)


def total(ranges: Iterable[Range]) -> int:
    return sum(end - start for start, end in ranges)


def log_damage(segment: Segment, found: Inspection) -> None:
    """Log the damage of a segment, and what becomes of it."""
    details = {"segment": segment.path.name, "sound_bytes": total(found.sound), "damaged_bytes": total(found.damaged)}
    if found.damaged:
        _log.error(
            "A segment is damaged on disk: its sound frames are stored, and all other bytes of it become dead letters. "
            "Check the disk and its file system.",
            extra=details,
        )
    if found.cut_off:
        _log.warning(
            "A segment ends in the middle of a frame that was never acknowledged; it becomes a dead letter.",
            extra=details | {"cut_off_bytes": total([found.cut_off])},
        )


def _letters(segment: Segment, format_name: str, file: SegmentFile, ranges: Sequence[Range]) -> Iterator[bytes]:
    for start, end in ranges:
        for position in range(start, end, _LETTER_BYTES):
            stop = min(end, position + _LETTER_BYTES)
            origin = f"{segment.format} segment {segment.id}, bytes {position} to {stop}"
            yield encode(Payload(format_name, file.read(position, stop), segment.created_ns // 1000, peer=origin))
