"""The APIs there are: each with what people say of it and what traffic says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from processors.catalogue.config import CataloguedApi
from processors.catalogue.document import Document
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

_MOST_ROWS = 10_000


class ApiState(StrEnum):
    """How what is catalogued and what is used agree."""

    ACTIVE = "active"
    # It has traffic, and nobody has catalogued it.
    SHADOW = "shadow"
    # An older version that still has traffic although there is a newer one.
    ZOMBIE = "zombie"
    # Catalogued, without traffic in the window.
    UNUSED = "unused"
    # It had traffic once, is not catalogued, and has none in the window.
    GONE = "gone"


@dataclass(frozen=True)
class ApiEntry:
    """An API in one version. Times are to the hour; None where it never had traffic."""

    api: str
    version: str
    state: ApiState
    owner: str
    tags: tuple[str, ...]
    has_document: bool
    environments: tuple[str, ...]
    gateways: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    # In the window.
    requests: int


def catalogue(
    store: Store, window: Window, apis: Sequence[CataloguedApi], documents: Sequence[Document]
) -> list[ApiEntry]:
    """Every API and version that had traffic or is catalogued, by name. Raises StoreError.

    Where nothing is catalogued, nothing is a shadow.
    """
    known = {api.name: api for api in apis}
    documented = {document.api for document in documents}
    parameters = {
        "start": int(window.start.timestamp()),
        "end": int(window.end.timestamp()),
        "most_rows": _MOST_ROWS,
    }
    rows = store.rows(load("processors.catalogue", "apis"), parameters)
    newest: dict[str, tuple[int, ...]] = {}
    for api, version, *_, requests in rows:
        if requests:
            newest[api] = max(newest.get(api, ()), version_key(version))
    found = []
    for api, version, environments, gateways, first, last, requests in rows:
        entry = known.get(api)
        found.append(
            ApiEntry(
                api,
                version,
                _state(requests, entry is not None, bool(known), version_key(version), newest.get(api, ())),
                entry.owner if entry else "",
                entry.tags if entry else (),
                api in documented,
                tuple(environments),
                tuple(gateways),
                _utc(first),
                _utc(last),
                requests,
            )
        )
    seen = {entry.api for entry in found}
    for api in apis:
        if api.name not in seen:
            unused = ApiState.UNUSED
            has_document = api.name in documented
            found.append(ApiEntry(api.name, "", unused, api.owner, api.tags, has_document, (), (), None, None, 0))
    return sorted(found, key=lambda entry: (entry.api, version_key(entry.version)))


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, by which versions are ordered: v2 is (2,), 1.10 is (1, 10); of none ()."""
    return tuple(int(number) for number in re.findall(r"\d{1,9}", version))


def _state(
    requests: int, is_known: bool, is_catalogue: bool, version: tuple[int, ...], newest: tuple[int, ...]
) -> ApiState:
    if not requests:
        return ApiState.UNUSED if is_known else ApiState.GONE
    if version and version < newest:
        return ApiState.ZOMBIE
    return ApiState.SHADOW if is_catalogue and not is_known else ApiState.ACTIVE


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
