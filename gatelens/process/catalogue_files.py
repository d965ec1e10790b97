"""The files that say what APIs, consumers and networks are: read at the start, and again when they have changed."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from collector.formats.naming.look_up import LookUp
from dashboards.api.catalogue import Catalogued
from processors.catalogue.config import CatalogueConfig
from processors.catalogue.document import load_document
from processors.consumers.directory import load_directory
from processors.periodic_thread import PeriodicThread
from storage.errors import GatelensError, StoreError

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0

_Version = tuple[int, int, int] | None
_UNREAD = (0, 0, 0)


class CatalogueFiles:
    """Keeps `catalogued` as its files say, in a thread of its own; what becomes unusable counts as it was."""

    def __init__(
        self,
        config: CatalogueConfig,
        look_ups: Mapping[Path, LookUp],
        others: Mapping[Path, Callable[[], None]] | None = None,
    ) -> None:
        """`look_ups` are the files of naming rules, which are followed as well. Raises ConfigError.

        What reads `others` is called by the first look, and at changes; it may raise GatelensError.
        """
        self._config = config
        self._look_ups = look_ups
        documents = tuple(document for api in config.apis if (document := load_document(api)) is not None)
        self.catalogued = Catalogued(config.apis, documents, load_directory(config.consumers))
        self._readers: dict[Path, Callable[[], None]] = {}
        for api in config.apis:
            if api.document is not None:
                self._readers[api.document] = partial(self._read_document, api.document)
        if config.consumers is not None:
            self._readers[config.consumers] = self._read_consumers
        self._versions = {path: _version(path) for path in self._readers}
        self._readers |= others or {}
        self._versions |= dict.fromkeys(others or {}, _UNREAD)
        self._faults: dict[Path, str] = {}
        self._thread = PeriodicThread(
            "catalogue",
            _LOOK_SECONDS,
            self.look,
            "Looking at the catalogue's files broke off; what they said before counts.",
        )

    @property
    def faults(self) -> list[str]:
        """What is wrong with files whose earlier state is used; empty while all is well."""
        of_look_ups = {path: names.fault for path, names in self._look_ups.items() if names.fault}
        return [
            f"{path} cannot be used; what it said before counts: {fault}"
            for path, fault in {**self._faults, **of_look_ups}.items()
        ]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop()

    def look(self) -> None:
        """Read what has changed."""
        for names in self._look_ups.values():
            names.entries()
        found = {path: _version(path) for path in self._readers}
        changed = [path for path, version in found.items() if version != self._versions[path]]
        self._versions = found
        for path in changed:
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            self._readers[path]()
        except GatelensError as error:
            if isinstance(error, StoreError):
                # Not for the file's sake: the next look tries it again.
                self._versions[path] = _UNREAD
            self._faults = {**self._faults, path: str(error)}
            _log.warning(
                "A changed file cannot be used; what it said before counts. Mend it.",
                extra={"path": str(path), "error": str(error)},
            )
        else:
            self._faults = {other: fault for other, fault in self._faults.items() if other != path}
            _log.info("A changed file is in use.", extra={"path": str(path)})

    def _read_document(self, path: Path) -> None:
        """It may be the document of several APIs."""
        read = {
            api.name: document for api in self._config.apis if api.document == path and (document := load_document(api))
        }
        self.catalogued.documents = tuple(read.get(known.api, known) for known in self.catalogued.documents)

    def _read_consumers(self) -> None:
        self.catalogued.directory = load_directory(self._config.consumers)


def _version(path: Path) -> _Version:
    """What changes with a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
