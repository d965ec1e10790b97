"""The data directory is for its owner alone: it holds people's traffic, and what waits to become it."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_log = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OWNER_ONLY = stat.S_IRWXU
# What a directory holds that has been a data directory before, the first of them always.
_OURS = ("clickhouse", "spool", "forward", "files")


@contextmanager
def private_files() -> Iterator[None]:
    """Files that are made from entry to exit, by ClickHouse too, are for their owner alone."""
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_private(path: Path) -> None:
    """Make a data directory, or take one away from others than its owner. Raises OSError where it cannot be made.

    What is found in an older one keeps its mode, for nobody else gets that far. A directory that holds other things,
    such as /tmp, keeps its own.
    """
    path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    mode = path.stat().st_mode
    if not mode & _OTHERS:
        return
    is_ours = not mode & stat.S_ISVTX and ((path / _OURS[0]).is_dir() or not any(path.iterdir()))
    for narrowed in [path] if is_ours else [path / name for name in _OURS if (path / name).is_dir()]:
        _narrow(narrowed)


def _narrow(path: Path) -> None:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError as error:
        _log.warning(
            "Other users of this machine may read the data directory, and its mode cannot be changed; "
            "let it belong to the user that runs Gatelens.",
            extra={"path": str(path), "error": str(error)},
        )
    else:
        _log.info(
            "The data directory could be read by others; it is now for its owner alone.", extra={"path": str(path)}
        )
