"""A full disk, as an error that names the directory and the cure, before anything is left half made on it."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import DiskFull, StoreError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# A new schema takes 1 MiB, and ClickHouse wants as much free for each insert.
_NEEDED = 16 << 20


def is_full(error: OSError) -> bool:
    """Whether the system had no room left on a disk, or in a quota."""
    return error.errno in _FULL


def disk_full(directory: Path, reason: object) -> DiskFull:
    """What to raise where a directory's disk is full."""
    return DiskFull(
        f"The disk of {directory} is full: {reason}. Free some space on it, or move the directory to a larger disk; "
        "what is stored there is not harmed."
    )


def ensure_room(directory: Path) -> None:
    """Raise DiskFull where there is too little room to begin with.

    A table that ClickHouse wrote only in part keeps it from ever starting again.
    """
    free = shutil.disk_usage(directory).free
    if free < _NEEDED:
        raise disk_full(directory, f"{free >> 20} MiB are free, and {_NEEDED >> 20} MiB are needed to start")


@contextmanager
def full_disk_explained(directory: Path) -> Iterator[None]:
    """Raise DiskFull for whatever fails in a directory because its disk is full."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise disk_full(directory, error.strerror) from error
    except DiskFull:
        raise
    except StoreError as error:
        if shutil.disk_usage(directory).free >= _NEEDED:
            raise
        raise disk_full(directory, error) from error
