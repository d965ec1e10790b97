"""Look-up files: names by the ids in telemetry, such as Mule's API numbers and client ids."""

import csv
import io
import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_log = logging.getLogger(__name__)

# All of them stand in the statement of each segment.
MOST_ENTRIES = 10_000


class LookUp:
    """The entries of a CSV file, `id,name` a line; read again when the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = (0, 0)
        self._entries: Mapping[str, str] = MappingProxyType({})
        self._fault = ""

    @property
    def fault(self) -> str:
        """Why it could not be read when it was looked at last; '' where it could."""
        return self._fault

    def entries(self) -> Mapping[str, str]:
        """The file's current entries, or its last ones if it can no longer be read."""
        try:
            if self._version != self._found():
                self.read()
        except (OSError, ValueError) as error:
            # Read for each segment, but reported once.
            if str(error) != self._fault:
                self._fault = str(error)
                _log.warning(
                    "A look-up file of names cannot be read; the names that it had are used on. Mend the file.",
                    extra={"path": str(self._path), "error": self._fault},
                )
        return self._entries

    def read(self) -> None:
        """Read the file. Raises OSError; ValueError with the line at fault."""
        version = self._found()
        text = self._path.read_text(encoding="utf-8-sig")
        self._entries, self._version = MappingProxyType(_entries(text)), version
        self._fault = ""

    def _found(self) -> tuple[int, int]:
        status = self._path.stat()
        return status.st_mtime_ns, status.st_size


def _entries(text: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    lines = csv.reader(io.StringIO(text))
    for fields in lines:
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) != 2 or not all(field.strip() for field in fields):
            raise ValueError(f"line {lines.line_num} is not `id,name`; quote what holds a comma")
        entries[fields[0].strip()] = fields[1].strip()
    if len(entries) > MOST_ENTRIES:
        raise ValueError(
            f"it has {len(entries):,} entries, and {MOST_ENTRIES:,} are the most; leave out those that do not occur"
        )
    return entries
