from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from processors.catalogue.catalogue import ApiEntry, ApiState, catalogue, version_key
from processors.catalogue.config import CataloguedApi
from processors.catalogue.document import Document, load_document
from processors.catalogue.drift import Drift, DriftKind, drift
from processors.query.questions import Questions
from processors.time.window import Window
from storage.errors import ConfigError
from storage.store import Store

_START = datetime(2026, 4, 6, 10, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(hours=1))

_OPENAPI = """
openapi: 3.1.0
info: {title: Toys, version: 1.2.0}
servers: [{url: 'https://{region}.example.org/toys/{stage}', variables: {stage: {default: v1}}}]
paths:
  /toys:
    get: {responses: {'200': {description: ok}}}
    post: {responses: {'201': {description: made}}}
  /toys/{toyId}:
    parameters: []
    get: {responses: {2XX: {description: ok}}}
    delete: {deprecated: true, responses: {default: {description: any}}}
"""
_NO_SERVER = "{openapi: 3.0.0, servers: [{url: 'http://[document'}], paths: {}}"
_SWAGGER = '{"swagger": "2.0", "basePath": "/old/", "paths": {"/a": {"get": {"responses": {"200": {}}}}}}'


def _document(tmp_path: Path, text: str, base_path: str | None = None) -> Document:
    path = tmp_path / "document"
    path.write_text(text)
    document = load_document(CataloguedApi(name="toys", document=path, base_path=base_path))
    assert document is not None
    return document


def _insert(store: Store, rows: list[tuple[str, str, str, str, int, int]]) -> None:
    """Rows of: API, version, route, method, status, hours before the window."""
    columns = ("time", "environment", "gateway", "reporter", "api", "api_version", "route", "method", "status")
    store.insert(
        "requests",
        columns,
        [((_START - timedelta(hours=hours)).isoformat(), "catalogue", "edge", "gateway", *row) for *row, hours in rows],
    )


def test_documents_tell_full_routes(tmp_path: Path) -> None:
    document = _document(tmp_path, _OPENAPI)
    assert document.routes == ("/toys/v1/toys", "/toys/v1/toys/{toyId}")
    assert (document.title, document.version) == ("Toys", "1.2.0")
    statuses = {(one.method, one.route): [one.documents(status) for status in (200, 201, 204, 500)]
                for one in document.operations}  # fmt: skip
    assert statuses["GET", "/toys/v1/toys"] == [True, False, False, False]
    assert statuses["GET", "/toys/v1/toys/{toyId}"] == [True, True, True, False]
    assert statuses["DELETE", "/toys/v1/toys/{toyId}"] == [True] * 4
    assert _document(tmp_path, _SWAGGER).routes == ("/old/a",)
    assert _document(tmp_path, _SWAGGER, "/new").routes == ("/new/a",)


@pytest.mark.parametrize("text", ["", "[1, 2]", "paths: {}", "{", "openapi: 3.0.0", _NO_SERVER])
def test_what_is_no_document_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="document"):
        _document(tmp_path, text)


def test_the_states_of_apis(store: Store) -> None:
    old, new = ("cat-a", "v1", "/", "GET", 200, 0), ("cat-a", "v2", "/", "GET", 200, 0)
    _insert(store, [old, new, new, ("cat-shadow", "", "/", "GET", 200, 0), ("cat-gone", "", "/", "GET", 200, 48)])
    known = (CataloguedApi(name="cat-a", owner="Ann", tags=("core",)), CataloguedApi(name="cat-unused"))
    entries = {(entry.api, entry.version): entry for entry in catalogue(store, _WINDOW, known, [])}
    states = {key: entry.state for key, entry in entries.items() if key[0].startswith("cat-")}
    assert states == {
        ("cat-a", "v1"): ApiState.ZOMBIE,
        ("cat-a", "v2"): ApiState.ACTIVE,
        ("cat-shadow", ""): ApiState.SHADOW,
        ("cat-gone", ""): ApiState.GONE,
        ("cat-unused", ""): ApiState.UNUSED,
    }
    assert entries["cat-a", "v2"] == ApiEntry(
        "cat-a", "v2", ApiState.ACTIVE, "Ann", ("core",), False, ("catalogue",), ("edge",), _START, _START, 2
    )
    # Where nothing is catalogued, nothing is a shadow.
    assert ApiState.SHADOW not in {entry.state for entry in catalogue(store, _WINDOW, (), [])}


def test_versions_are_ordered_by_their_numbers() -> None:
    assert sorted(["v10", "v2", "1.10", "1.9", ""], key=version_key) == ["", "1.9", "1.10", "v2", "v10"]


def test_drift(store: Store, tmp_path: Path) -> None:
    item = "/toys/v1/toys/{id}"
    _insert(
        store,
        [
            *[("toys", "", "/toys/v1/toys", "GET", 200, 0)] * 3,
            ("toys", "", "/toys/v1/toys", "GET", 206, 0),
            # What a gateway answers is no drift, and neither is what was not found.
            ("toys", "", "/toys/v1/toys", "GET", 429, 0),
            ("toys", "", "/toys/v1/nothing", "GET", 404, 0),
            *[("toys", "", "/toys/v1/secret", "GET", 200, 0)] * 2,
            ("toys", "", item, "PATCH", 200, 0),
            ("toys", "", item, "DELETE", 204, 0),
        ],
    )
    questions = Questions(store, lambda: _WINDOW.end)
    found = drift(questions, _document(tmp_path, _OPENAPI), _WINDOW)
    questions.close()
    documented = "/toys/v1/toys/{toyId}"
    assert found == [
        Drift(DriftKind.UNDOCUMENTED_ROUTE, "/toys/v1/secret", "GET", 0, 2),
        Drift(DriftKind.UNDOCUMENTED_METHOD, documented, "PATCH", 0, 1),
        Drift(DriftKind.UNDOCUMENTED_STATUS, "/toys/v1/toys", "GET", 206, 1),
        Drift(DriftKind.DEPRECATED_IN_USE, documented, "DELETE", 0, 1),
        Drift(DriftKind.UNUSED_OPERATION, "/toys/v1/toys", "POST", 0, 0),
        Drift(DriftKind.UNUSED_OPERATION, documented, "GET", 0, 0),
    ]
