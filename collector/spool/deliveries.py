"""Bodies that are durable already, by their key or by their bytes: what is repeated is not stored again."""

import logging
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.errors import DeliveryConflict
from collector.spool.payload import BY_ITS_BYTES, Delivery

_log = logging.getLogger(__name__)

# Key, digest, when it became durable (µs since the epoch), part, parts; behind them a checksum.
_FIELDS = struct.Struct("<16s16sQHH")
_CHECKSUM = struct.Struct("<I")
_ENTRY_BYTES = _FIELDS.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    parts: int
    # A bit for each part.
    durable: int
    # When the latest part became it.
    at_us: int


class Deliveries:
    """All bodies that are known again; safe to use from many threads.

    Those that are known by their bytes are remembered apart: many of them must not push out keys, which are a promise.
    """

    def __init__(self, path: Path, keys: int, bodies: int) -> None:
        """Remember up to this many of each, in files that begin with `path`."""
        self._keys = DeliveryMemory(path, keys)
        self._bodies = DeliveryMemory(path.with_name(f"{path.name}.bodies"), bodies)

    def missing(self, key: bytes, digest: bytes, parts: int, since_us: int = 0) -> Sequence[int]:
        """The parts of a body that are not durable, or became it before `since_us`; raises DeliveryConflict."""
        memory = self._bodies if digest == BY_ITS_BYTES else self._keys
        return memory.missing(key, digest, parts, since_us)

    def add(self, deliveries: Sequence[Delivery], at_us: int) -> None:
        """Remember parts that are durable."""
        self._bodies.add([one for one in deliveries if one.digest == BY_ITS_BYTES], at_us)
        self._keys.add([one for one in deliveries if one.digest != BY_ITS_BYTES], at_us)

    def sync(self) -> None:
        """Make durable what is remembered; to be called before its frames leave the spool."""
        self._bodies.sync()
        self._keys.sync()


class DeliveryMemory:
    """Remembers keys across restarts, at least the last `capacity` of them; safe to use from many threads.

    A key stands in its frame too, so it is as durable as the body. Its entry here is written before the sender gets an
    answer and synced before the frame may leave the spool; what a process that died could not write, the next start
    takes from the frames that are left. An entry that the disk refuses is written with the next one: only a restart
    before that forgets it.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        """Entries go to the file at `path`; once it holds `capacity` keys, it takes the place of an older one."""
        self._path = path
        self._older = path.with_name(f"{path.name}.older")
        self._capacity = capacity
        self._change = threading.Lock()
        self._before: dict[bytes, _Known] = {}
        self._latest: dict[bytes, _Known] = {}
        self._unwritten = bytearray()
        self._is_synced = True
        self._is_failing = False
        for delivery, at_us in self._read(self._older):
            self._remember(delivery, at_us)
        self._before, self._latest = self._latest, {}
        for delivery, at_us in self._read(path):
            self._remember(delivery, at_us)

    def missing(self, key: bytes, digest: bytes, parts: int, since_us: int = 0) -> Sequence[int]:
        """The parts of a body that are not durable, or became it before `since_us`, which are forgotten.

        Raises DeliveryConflict where the key is that of another.
        """
        with self._change:
            known = self._find(key)
            if known is not None and known.at_us < since_us:
                self._latest.pop(key, None)
                self._before.pop(key, None)
                known = None
        if known is None:
            return range(parts)
        if (known.digest, known.parts) != (digest, parts):
            if digest == BY_ITS_BYTES:
                # Taken apart in another way than by the version that took it.
                return range(parts)
            raise DeliveryConflict("This Idempotency-Key has come before with another body; give each body its own.")
        return [part for part in range(parts) if not known.durable >> part & 1]

    def add(self, deliveries: Sequence[Delivery], at_us: int) -> None:
        """Remember parts that are durable."""
        if not deliveries:
            return
        with self._change:
            for delivery in deliveries:
                self._remember(delivery, at_us)
                self._unwritten += _entry(delivery, at_us)
            # If the disk takes nothing, memory must not grow without limit.
            del self._unwritten[: -self._capacity * _ENTRY_BYTES]
            self._is_synced = False
            if self._write() and len(self._latest) >= self._capacity:
                self._start_new_file()

    def sync(self) -> None:
        """Make durable what is remembered; to be called before its frames leave the spool."""
        with self._change:
            if not self._is_synced:
                self._is_synced = self._write(sync=True)

    def _find(self, key: bytes) -> _Known | None:
        return self._latest.get(key) or self._before.get(key)

    def _remember(self, delivery: Delivery, at_us: int) -> None:
        known = self._find(delivery.key)
        durable = 1 << delivery.part
        if known is not None and (known.digest, known.parts) == (delivery.digest, delivery.parts):
            durable |= known.durable
        self._latest[delivery.key] = _Known(delivery.digest, delivery.parts, durable, at_us)

    def _write(self, *, sync: bool = False) -> bool:
        """Whether everything that is remembered is in the file."""
        try:
            with self._path.open("ab", buffering=0) as file:
                if torn := file.tell() % _ENTRY_BYTES:
                    # Half an entry would shift all that follow.
                    file.truncate(file.tell() - torn)
                written = file.write(self._unwritten) or 0
                del self._unwritten[: written - written % _ENTRY_BYTES]
                if sync:
                    os.fdatasync(file.fileno())
        except OSError as error:
            if not self._is_failing:
                self._warn("The keys of bodies cannot be written down; a restart forgets them.", error)
            self._is_failing = True
            return False
        self._is_failing = bool(self._unwritten)
        return not self._is_failing

    def _start_new_file(self) -> None:
        try:
            with self._path.open("rb") as file:
                os.fdatasync(file.fileno())
            self._path.replace(self._older)
        except OSError as error:
            self._warn("The file of keys cannot be begun anew; it grows until it can.", error)
            return
        self._before, self._latest = self._latest, {}

    def _read(self, path: Path) -> Iterator[tuple[Delivery, int]]:
        """The entries of a file that are as they were written; one that cannot be read at all is moved away."""
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                whole = size - size % _ENTRY_BYTES
                file.seek(max(0, whole - 2 * self._capacity * _ENTRY_BYTES))
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            self._warn("The keys of bodies cannot be read; what is sent again may be stored again.", error)
            _move_away(path)
            return
        damaged = 0
        for start in range(0, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            fields = data[start : start + _FIELDS.size]
            if _CHECKSUM.pack(zlib.crc32(fields)) != data[start + _FIELDS.size : start + _ENTRY_BYTES]:
                damaged += 1
                continue
            key, digest, at_us, part, parts = _FIELDS.unpack(fields)
            yield Delivery(key, BY_ITS_BYTES if digest == BY_ITS_BYTES else digest, part, parts), at_us
        if damaged:
            _log.error(
                "Keys of bodies are damaged on disk; what is sent again under them may be stored again.",
                extra={"path": str(path), "keys": damaged},
            )

    def _warn(self, message: str, error: OSError) -> None:
        _log.warning(message, extra={"path": str(self._path), "error": str(error)})


def _entry(delivery: Delivery, at_us: int) -> bytes:
    fields = _FIELDS.pack(delivery.key, delivery.digest, at_us, delivery.part, delivery.parts)
    return fields + _CHECKSUM.pack(zlib.crc32(fields))


def _move_away(path: Path) -> None:
    try:
        path.replace(path.with_name(f"{path.name}.damaged"))
    except OSError as error:
        _log.error("The file cannot be moved away either.", extra={"path": str(path), "error": str(error)})
