"""Documents of APIs that were made to take the process down: what they name is not followed, and nothing grows."""

from pathlib import Path

import pytest
import yaml

from processors.catalogue.config import CataloguedApi
from processors.catalogue.document import load_document
from storage.errors import ConfigError

_OPERATION = {"get": {"responses": {"200": {"description": "fine"}}}}


def _document(tmp_path: Path, content: object) -> CataloguedApi:
    path = tmp_path / "toys.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return CataloguedApi(name="toys", document=path)


def test_variables_of_a_server_do_not_grow(tmp_path: Path) -> None:
    # Each twice as long as the next: 2 to the power of 60.
    variables = {f"v{number}": {"default": f"{{v{number + 1}}}" * 2} for number in range(60)}
    server = {"url": "https://example.org/{v0}/x", "variables": variables}
    document = load_document(
        _document(tmp_path, {"openapi": "3.0.0", "servers": [server], "paths": {"/toys": _OPERATION}})
    )
    assert document is not None
    assert document.routes == ("/{v1}{v1}/x/toys",)


@pytest.mark.parametrize(
    "server",
    [
        {"url": "/x" * 100_000},
        {"url": "/{v}", "variables": {"v": {"default": "x" * 100_000}}},
        {"url": "/{v}" * 400, "variables": {"v": {"default": "x" * 1_000}}},
    ],
)
def test_no_long_path_begins_every_route(tmp_path: Path, server: object) -> None:
    with pytest.raises(ConfigError, match="more than 2,000 characters; shorten it there"):
        load_document(_document(tmp_path, {"openapi": "3.0.0", "servers": [server], "paths": {"/toys": _OPERATION}}))


def test_a_long_base_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more than 2,000 characters"):
        load_document(_document(tmp_path, {"swagger": "2.0", "basePath": "/x" * 100_000, "paths": {}}))


def test_references_are_not_followed(tmp_path: Path) -> None:
    paths = {
        "/secret": {"$ref": "file:///etc/passwd"},
        "/far": {"$ref": "http://169.254.169.254/latest"},
        "/round": {"$ref": "#/paths/~1round", "get": {"$ref": "#/paths/~1round/get", "responses": {"200": {}}}},
    }
    document = load_document(_document(tmp_path, {"openapi": "3.0.0", "paths": paths}))
    assert document is not None
    assert document.routes == ("/round",)
