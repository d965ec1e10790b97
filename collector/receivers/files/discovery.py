"""Which files the patterns of the sources name now."""

import errno
import glob
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from collector.escape_path import escape_path
from collector.receivers.files.config import FileSource
from collector.receivers.files.faults import Faults
from collector.receivers.files.open_file import Key, key_of

# Names that rotation gives to files that have been read.
_PACKED = frozenset({".gz", ".zst", ".bz2", ".xz", ".zip", ".lz4"})


@dataclass(frozen=True)
class Found:
    """A file, however many names and links lead to it: by the first of them."""

    key: Key
    path: Path
    source: FileSource
    modified: float

    @property
    def compressed(self) -> bool:
        return self.path.suffix in _PACKED


def find(sources: tuple[FileSource, ...], faults: Faults) -> dict[Key, Found]:
    """The files by their keys, oldest first."""
    found: dict[Key, Found] = {}
    for source in sources:
        for pattern in source.include:
            is_empty = True
            for path in _matching(pattern, source):
                is_empty = False
                if (file := _file(path, source, faults)) is not None:
                    found.setdefault(file.key, file)
            _warn_if_missing(pattern, is_empty, faults)
    return dict(sorted(found.items(), key=lambda item: item[1].modified))


def _matching(pattern: str, source: FileSource) -> Iterator[Path]:
    readable = {".gz"} if source.compressed else set()
    for name in glob.iglob(pattern, recursive=True):  # noqa: PTH207  # Path.glob takes no absolute patterns
        path = Path(name)
        if path.suffix in _PACKED - readable:
            continue
        if not any(fnmatch(name, excluded) or fnmatch(path.name, excluded) for excluded in source.exclude):
            yield path


def _file(path: Path, source: FileSource, faults: Faults) -> Found | None:
    """None for what is no plain file, e.g. a directory, or a pipe that would wait for ever."""
    try:
        status = path.stat()
    except OSError as error:
        # A link to what has gone, or a file that went between the two looks.
        if error.errno != errno.ENOENT:
            about = escape_path(path)
            faults.found(about, "unreachable", f"{about} cannot be looked at: {error.strerror}. Check its rights.")
        return None
    return Found(key_of(status), path, source, status.st_mtime) if stat.S_ISREG(status.st_mode) else None


def _warn_if_missing(pattern: str, is_empty: bool, faults: Faults) -> None:
    if not is_empty:
        faults.cleared(pattern)
        return
    directory = _fixed_directory(pattern)
    if not directory.is_dir():
        message = f"No file matches {pattern}: {directory} is not a directory that can be seen. Check collector.files."
    elif not os.access(directory, os.R_OK | os.X_OK):
        message = f"No file matches {pattern}: {directory} may not be read. Give the user of Gatelens the right to."
    elif not glob.has_magic(pattern):
        message = f"{pattern} does not exist yet. It is read when it does."
    else:
        faults.cleared(pattern)
        return
    faults.found(pattern, "unreachable", message)


def _fixed_directory(pattern: str) -> Path:
    """The directory above the first wildcard."""
    path = Path(pattern).parent
    while glob.has_magic(str(path)):
        path = path.parent
    return path
