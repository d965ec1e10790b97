"""Targets that files name, read again when they change.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
"""

import glob
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, HttpUrl, TypeAdapter, ValidationError, field_validator

from collector.receivers.scrape.config import ScrapeDiscovery, check_labels
from collector.receivers.scrape.target import Credentials, Target

_log = logging.getLogger(__name__)


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    targets: list[str]
    labels: dict[str, str] = {}

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        return check_labels(labels)


_GROUPS: TypeAdapter[list[_Group]] = TypeAdapter(list[_Group])
_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)

# When a file was last changed, how large it is, and which file it is.
_Version = tuple[int, int, int]


@dataclass(frozen=True)
class _Known:
    version: _Version
    targets: frozenset[Target]


class Discovery:
    """The files of the settings; a file with a fault keeps the targets that it last named."""

    def __init__(self, sources: Sequence[ScrapeDiscovery]) -> None:
        self._sources = sources
        self._known: dict[tuple[int, str], _Known] = {}

    def targets(self) -> set[Target]:
        """What the files name now; reads those that have changed."""
        known: dict[tuple[int, str], _Known] = {}
        for number, source in enumerate(self._sources):
            for name in sorted({name for pattern in source.files for name in glob.glob(pattern)}):  # noqa: PTH207
                found = _read(Path(name), source, self._known.get((number, name)))
                if found is not None:
                    known[number, name] = found
        self._known = known
        return set().union(*(found.targets for found in known.values()))


def _read(path: Path, source: ScrapeDiscovery, before: _Known | None) -> _Known | None:
    try:
        status = path.stat()
    except OSError:
        return None
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    if before is not None and before.version == version:
        return before
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        groups = _GROUPS.validate_python(document if document is not None else [])
        targets = frozenset(_target(address, group.labels, source) for group in groups for address in group.targets)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        _log.warning(
            "A file of scrape targets cannot be used; what it named before is kept.",
            extra={"file": str(path), "error": _described(error)},
        )
        targets = before.targets if before is not None else frozenset()
    return _Known(version, targets)


def _described(error: Exception) -> str:
    """What is wrong, without values of the file."""
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_input=False)
        return "; ".join(": ".join((*_place(fault["loc"]), fault["msg"])) for fault in faults[:3])
    return str(error).partition("\n")[0]


def _place(parts: tuple[int | str, ...]) -> tuple[str, ...]:
    return (".".join(map(str, parts)),) if parts else ()


def _target(address: str, labels: dict[str, str], source: ScrapeDiscovery) -> Target:
    """A target by Prometheus' names: those that begin with two underscores say how to reach it, and are not kept."""
    merged = {**source.labels, **labels}
    address = merged.get("__address__", address)
    if "@" in address:
        raise ValueError("a target has a user before its host; set username and password in the configuration")
    if not address or any(letter in address for letter in "/?# "):
        raise ValueError(f"{address!r} is not a host and port")
    url = f"{merged.get('__scheme__', source.scheme)}://{address}{merged.get('__metrics_path__', source.path)}"
    kept = {name: value for name, value in merged.items() if not name.startswith("__")}
    return Target(
        str(_URL.validate_python(url)),
        kept.pop("gateway", source.gateway),
        kept.pop("environment", source.environment),
        tuple(sorted(kept.items())),
        Credentials.of(source),
        source.tls,
    )
