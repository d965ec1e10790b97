"""The declared formats of a data directory: what is in its spool can be read as long as it is there.

A definition is written down before anything of it is stored, and stays when it leaves the configuration: an import may
have one of its own, and a segment may wait for longer than a configuration lives.
"""

import json
import os
from pathlib import Path

from collector.formats.custom.definition import FormatDefinition, Match
from collector.formats.custom.descriptor import declared
from collector.formats.descriptor import Format
from storage.errors import ConfigError
from storage.full_disk import disk_full, is_full

_BY_NAME_ALONE = Match(lines=False)


class RememberedFormats:
    """A folder with a definition a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Format] = {}

    def remember(self, definition: FormatDefinition) -> None:
        """Write a definition down; one of the same name is replaced. Raises ConfigError, DiskFull."""
        text = json.dumps(definition.model_dump(mode="json", by_alias=True, exclude_defaults=True), indent=1)
        path = self._path(definition.name)
        written = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8")
            written.replace(path)
        except OSError as error:
            if is_full(error):
                raise disk_full(self._folder, error.strerror) from error
            raise ConfigError(
                f"The format {definition.name} cannot be written to its file: {error.strerror}. "
                "Run the command as the user who owns the data directory."
            ) from error

    def find(self, name: str) -> Format | None:
        """A format by its name, which is not recognised without; None where there is none."""
        if name not in self._known and name.isidentifier():
            try:
                text = self._path(name).read_text(encoding="utf-8")
            except OSError:
                return None
            try:
                definition = FormatDefinition.model_validate(json.loads(text))
            except ValueError:
                # Another version wrote it, or nobody did.
                return None
            self._known[name] = declared(definition.model_copy(update={"match": _BY_NAME_ALONE}))
        return self._known.get(name)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
