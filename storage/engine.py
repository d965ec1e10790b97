"""chDB, the embedded engine. Its import starts threads that serve queries, so a confined thread has to import it."""

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chdb.state.sqlitelike import Connection

_TEMPORARY = "TMPDIR"


def start_engine(directory: Path, usual: str) -> None:
    """Import chDB, once in a process, in the thread that calls this.

    The threads that the import starts can open what this thread can, for good. What chDB writes meanwhile goes to the
    directory instead of the usual one for temporary files.
    """
    if "chdb" in sys.modules:
        return
    os.environ[_TEMPORARY] = str(directory)
    try:
        importlib.import_module("chdb")
    finally:
        # Not removed, only changed: the engine's threads may be looking at the environment.
        os.environ[_TEMPORARY] = usual


def parser(directory: Path | None = None) -> "Connection":
    """An engine that holds nothing; it works in a directory of its own, or makes one among the temporary files."""
    from chdb.state.sqlitelike import connect  # noqa: PLC0415 - whoever imports this module must not import chDB

    return connect(":memory:" if directory is None else str(directory))
