"""Copies of files that are followed: rotation by copying and truncating leaves one, which must not be read twice."""

import stat
import time
from collections.abc import Callable, Container, Iterable
from contextlib import ExitStack
from pathlib import Path

from collector.escape_path import unescape_path
from collector.receivers.files.open_file import Key, OpenFile, key_of
from collector.receivers.files.position import MARK_BYTES, Position, position_at
from collector.receivers.files.tail import Tail


class Copies:
    """Distinguishes a new file from a copy of a followed one.

    While the original lives, it is read itself. A copy waits until either the original is cut, and finished in the
    copy, or the copy has been there for long enough to be a file of its own, from where the two part.
    """

    def __init__(self, wait: float) -> None:
        self._wait = wait
        self._waiting: dict[Key, tuple[int, float]] = {}

    def position(self, file: OpenFile, path: Path, tails: Iterable[Tail]) -> Position | None:
        """Where to start in an unknown file; None while it has to wait."""
        original = next((tail for tail in tails if _directory(tail) == path.parent and _is_copy(file, tail)), None)
        if original is None:
            return Position()
        size = file.stat().st_size
        seen_size, since = self._waiting.get(file.key, (-1, 0.0))
        if size != seen_size:
            since = time.monotonic()
            self._waiting[file.key] = (size, since)
        if time.monotonic() - since < self._wait:
            return None
        parting = position_at(file, min(file.end(), original.cursor.offset))
        return parting if parting.is_certain else Position()

    def keep(self, keys: Container[Key]) -> None:
        """Forget what has gone."""
        self._waiting = {key: seen for key, seen in self._waiting.items() if key in keys}


def renamed(path: Path, position: Position, key: Key) -> OpenFile | None:
    """The file that was at `path`, under its new name. Raises OSError if it cannot be determined."""
    return _first((candidate for candidate, found in _siblings(path) if found == key), position.matches)


def copy_of(path: Path, position: Position, followed: Container[Key]) -> OpenFile | None:
    """The copy, in the same directory, of a file at `path` that was read up to a position.

    It may be shorter than what was read: it lacks what was written between the copy and the truncation.
    Raises OSError if it cannot be determined whether there is one.
    """
    if not position.is_certain:
        return None

    def is_copy(file: OpenFile) -> bool:
        return position.matches(file) or (position.begins(file) and file.end() < position.offset)

    return _first((candidate for candidate, key in _siblings(path) if key not in followed), is_copy)


def _siblings(path: Path) -> list[tuple[Path, Key]]:
    """The plain files in a directory, last written first, without those that go meanwhile."""
    found = []
    try:
        candidates = list(path.resolve().parent.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    for candidate in candidates:
        try:
            status = candidate.lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            found.append((-status.st_mtime, candidate, key_of(status)))
    return [(candidate, key) for _, candidate, key in sorted(found)]


def _first(candidates: Iterable[Path], accepted: Callable[[OpenFile], bool]) -> OpenFile | None:
    """The first that is accepted. One that cannot be read may be the one: it fails us only where no other is."""
    failure: OSError | None = None
    for candidate in candidates:
        try:
            file = _opened(candidate, accepted)
        except OSError as error:
            failure = error
            continue
        if file is not None:
            return file
    if failure is not None:
        raise failure
    return None


def _opened(path: Path, accepted: Callable[[OpenFile], bool]) -> OpenFile | None:
    """A file open, if it may be and is the one that is looked for."""
    try:
        file = OpenFile(path)
    except (FileNotFoundError, PermissionError):
        return None
    with ExitStack() as unless_accepted:
        unless_accepted.callback(file.close)
        if accepted(file):
            unless_accepted.pop_all()
            return file
    return None


def _directory(tail: Tail) -> Path:
    return unescape_path(tail.record.path).parent


def _is_copy(file: OpenFile, tail: Tail) -> bool:
    """Whether a file holds what was read of another, or the beginning of it while it is being copied."""
    position = tail.cursor
    if not position.is_certain or tail.file.compressed:
        return False
    size = file.stat().st_size
    if file.compressed or size >= position.offset:
        return position.matches(file)
    # Cut since we looked: that is seen to first.
    return tail.truncated or all(
        file.read(start, min(MARK_BYTES, size)) == tail.file.read(start, min(MARK_BYTES, size))
        for start in (0, max(0, size - MARK_BYTES))
    )
