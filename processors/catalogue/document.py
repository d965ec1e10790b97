"""What an OpenAPI 3.x or Swagger 2 document says of an API: its operations, and the answers that they give."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from processors.catalogue.config import CataloguedApi
from storage.errors import ConfigError
from storage.yaml_text import read_yaml_file

_VARIABLE = re.compile(r"\{[^{}]*\}")
_LONGEST_SERVER = 2_000
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True)
class Operation:
    """A method of a route. `statuses` are as documents write them: '200', '4XX', 'default'."""

    method: str
    route: str
    statuses: frozenset[str]
    is_deprecated: bool = False

    def documents(self, status: int) -> bool:
        """Whether it says that it may answer so."""
        names = {name.upper() for name in self.statuses}
        return str(status) in names or f"{status // 100}XX" in names or "DEFAULT" in names


@dataclass(frozen=True)
class Document:
    """The operations of an API, by full routes as the gateway sees them."""

    api: str
    title: str
    version: str
    operations: tuple[Operation, ...]

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(operation.route for operation in self.operations))


def load_document(api: CataloguedApi) -> Document | None:
    """The document of an API, None where it has none. Raises ConfigError."""
    if api.document is None:
        return None
    content = _read(api.document)
    paths = content.get("paths")
    if not isinstance(paths, Mapping) or not ("openapi" in content or "swagger" in content):
        raise ConfigError(f"{api.document} is no OpenAPI 3 or Swagger 2 document; it needs `openapi` and `paths`.")
    base = (_base_path(content) if api.base_path is None else api.base_path).rstrip("/")
    operations = tuple(
        Operation(method.upper(), f"{base}{path}", _statuses(operation), operation.get("deprecated") is True)
        for path, item in paths.items()
        if isinstance(item, Mapping)
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, Mapping)
    )
    info = content.get("info")
    about = info if isinstance(info, Mapping) else {}
    return Document(api.name, str(about.get("title", "")), str(about.get("version", "")), operations)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        # JSON is YAML.
        content = read_yaml_file(path, is_long=True)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Name a document in YAML or JSON.") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path} is no OpenAPI 3 or Swagger 2 document; it needs `openapi` and `paths`.")
    return content


def _base_path(content: Mapping[str, Any]) -> str:
    """The path of Swagger's basePath, or of OpenAPI's first server, whose variables have their defaults."""
    if "swagger" in content:
        return _short(str(content.get("basePath", "")))
    servers = content.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], Mapping):
        return ""
    url = _short(str(servers[0].get("url", "")))
    variables = servers[0].get("variables")
    defaults = {
        f"{{{name}}}": _short(str(variable.get("default", "")))
        for name, variable in (variables if isinstance(variables, Mapping) else {}).items()
        if isinstance(variable, Mapping)
    }
    # At once: a default may look like a variable, and a chain of them would grow without end.
    url = _VARIABLE.sub(lambda found: defaults.get(found[0], found[0]), url)
    try:
        return _short(urlsplit(url).path)
    except ValueError as error:
        raise ConfigError(f"The server {url!r} of the document is no address: {error}. Correct it there.") from error


def _short(text: str) -> str:
    """Of a server, whose path begins every route of the document."""
    if len(text) > _LONGEST_SERVER:
        raise ConfigError(f"A server of the document has more than {_LONGEST_SERVER:,} characters; shorten it there.")
    return text


def _statuses(operation: Mapping[str, Any]) -> frozenset[str]:
    responses = operation.get("responses")
    return frozenset(map(str, responses)) if isinstance(responses, Mapping) else frozenset()
