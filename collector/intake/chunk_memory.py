"""Chunks that are on disk already: what an agent sends again, having missed the answer, is not stored again."""

import logging
import os
import struct
import threading
from hashlib import blake2b
from pathlib import Path

from collector.encoding.protobuf import fields, read_varint
from collector.spool.frame import frames
from collector.spool.inspection import SegmentFile, inspect
from collector.spool.segment import OPEN

_log = logging.getLogger(__name__)

# Key, and either when its payload was received and how large it is, or zeros: the payload is durable.
_ENTRY = struct.Struct(">16sQQ")
_KEY_BYTES = 16
_DURABLE = (0, 0)

_RECEIVED_AT, _BODY = 1, 15

Stamp = tuple[int, int]


class ChunkMemory:
    """Remembers keys across restarts, at least the last `capacity` of them; safe to use from many threads.

    A key is written down twice: before its payload goes to the spool, and when that is durable. A process that is
    killed in between leaves it unknown whether a payload is durable; as long as only the spool's thread
    says `durable`, its segment is still open then, and the next start finds it there by the moment of its receipt.
    Entries are written and not synced: they outlive the process, not a power failure.
    """

    def __init__(self, path: Path, spool: Path, capacity: int) -> None:
        """Read what is written in two files at `path`; must be done before the spool of that directory is opened."""
        self._path = path
        self._older = path.with_suffix(".older")
        self._newer = path.with_suffix(".newer")
        self._capacity = capacity
        self._change = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        begun: dict[bytes, Stamp] = {}
        self._before = _read(self._older, begun)
        self._latest = _read(path, begun)
        self._descriptor = _open(path)
        self._settle(begun, spool)

    def __contains__(self, key: bytes) -> bool:
        return key in self._latest or key in self._before

    def begin(self, key: bytes, received_at_us: int, size: int) -> None:
        """Write down that a payload is about to go to the spool; raises OSError."""
        with self._change:
            self._write(_ENTRY.pack(key, received_at_us, size))

    def durable(self, key: bytes) -> None:
        """Write down that it is there."""
        with self._change:
            self._latest.add(key)
            try:
                self._write(_ENTRY.pack(key, *_DURABLE))
            except OSError as error:
                _log.warning(
                    "A chunk cannot be written down; it is stored twice if it is sent again after a restart.",
                    extra={"error": str(error)},
                )
            if len(self._latest) >= self._capacity:
                self._turn_or_grow()

    def close(self) -> None:
        os.close(self._descriptor)

    def _settle(self, begun: dict[bytes, Stamp], spool: Path) -> None:
        """Find out which of the payloads that were under way have arrived."""
        if begun:
            there = _open_payloads(spool)
            for key, stamp in begun.items():
                if stamp in there:
                    self.durable(key)

    def _turn_or_grow(self) -> None:
        try:
            self._turn()
        except OSError as error:
            _log.warning("The file of chunks cannot be begun anew; it grows until it can.", extra={"error": str(error)})

    def _turn(self) -> None:
        """Start a new file. Raises OSError if a step fails; entries then still go to the old file."""
        fresh = _open(self._newer)
        try:
            # Not there where only the second of the two steps failed before.
            if self._path.exists():
                self._path.replace(self._older)
            self._newer.replace(self._path)
        except OSError:
            os.close(fresh)
            raise
        full, self._descriptor = self._descriptor, fresh
        self._before, self._latest = self._latest, set()
        os.close(full)

    def _write(self, entry: bytes) -> None:
        if os.write(self._descriptor, entry) != len(entry):
            # Half an entry would shift all that follow.
            size = os.fstat(self._descriptor).st_size
            os.ftruncate(self._descriptor, size - size % _ENTRY.size)
            raise OSError("no space left")


def key_of(*parts: str) -> bytes:
    """The key of a payload, from what identifies it."""
    return blake2b("\0".join(parts).encode(), digest_size=_KEY_BYTES).digest()


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _read(path: Path, begun: dict[bytes, Stamp]) -> set[bytes]:
    """The keys that are durable; those that are not gather in `begun`. A file that cannot be read is moved away."""
    durable: set[bytes] = set()
    try:
        data = path.read_bytes()
        whole = len(data) - len(data) % _ENTRY.size
        if whole < len(data):
            os.truncate(path, whole)
    except FileNotFoundError:
        return durable
    except OSError as error:
        aside = path.with_name(f"{path.name}.damaged")
        _log.error(
            "The chunks of Fluent Forward cannot be read and are moved away; one that is sent again is stored again.",
            extra={"path": str(aside), "error": str(error)},
        )
        path.replace(aside)
        return durable
    for key, received_at_us, size in _ENTRY.iter_unpack(data[:whole]):
        if (received_at_us, size) == _DURABLE:
            durable.add(key)
            begun.pop(key, None)
        else:
            begun[key] = received_at_us, size
    return durable


def _open_payloads(spool: Path) -> set[Stamp]:
    """The moment of receipt and the size of each payload in a stopped process' open segments."""
    found: set[Stamp] = set()
    for path in spool.glob(f"*{OPEN}"):
        try:
            with SegmentFile(path) as file:
                ranges = inspect(file, may_be_cut_off=True).sound
                found |= {_stamp(frame) for start, end in ranges for frame in frames(file.read(start, end))}
        except OSError as error:
            # The spool says more about it when it looks at the same file.
            _log.warning("A segment cannot be read.", extra={"path": str(path), "error": str(error)})
    return found


def _stamp(frame: memoryview) -> Stamp:
    _, start = read_varint(frame, 0)
    values = {number: value for number, value, _ in fields(frame[start:])}
    return int.from_bytes(values.get(_RECEIVED_AT, b""), "little"), len(values.get(_BODY, b""))
