"""The layout of the code: who may import whom, how long a file may be, what it may be called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.migrate import migrations

_ROOT = Path(__file__).parents[1]

# What each package may import of ours.
_MAY_IMPORT = {
    "storage": {"storage"},
    "collector": {"collector", "storage"},
    "processors": {"processors", "storage"},
    "dashboards": {"dashboards", "processors", "storage"},
    "gatelens": {"gatelens", "dashboards", "processors", "collector", "storage"},
}
_CLICKHOUSE = {"chdb", "clickhouse_connect"}
_MEANINGLESS = {"util", "utils", "common", "helper", "helpers", "misc"}
_MOST_LINES = 320

_SOURCES = sorted(path for package in _MAY_IMPORT for path in (_ROOT / package).rglob("*.py"))
_EVERYTHING = [*_SOURCES, *sorted((_ROOT / "tests").rglob("*.py"))]


def _name(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def _imports(path: Path) -> Iterator[str]:
    """The outermost name of every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)} imports relatively; write the module's whole name"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_imports_point_down_the_layers(path: Path) -> None:
    allowed = _MAY_IMPORT[path.relative_to(_ROOT).parts[0]]
    forbidden = (_MAY_IMPORT.keys() | {"tests", "deploy"}) - allowed
    assert not forbidden & set(_imports(path))


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_only_storage_knows_clickhouse_clients(path: Path) -> None:
    if path.relative_to(_ROOT).parts[0] != "storage":
        assert not _CLICKHOUSE & set(_imports(path))


@pytest.mark.parametrize("path", _EVERYTHING, ids=_name)
def test_files_are_short_and_named_for_what_they_hold(path: Path) -> None:
    assert not _MEANINGLESS & {part.removesuffix(".py") for part in path.relative_to(_ROOT).parts}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= _MOST_LINES


def test_every_package_of_ours_is_a_package() -> None:
    for path in _SOURCES:
        assert (path.parent / "__init__.py").exists() or path.parent.name == "migrations", _name(path.parent)


def test_migrations_are_numbered_without_gaps() -> None:
    found = migrations()
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    assert all(migration.name and migration.script.strip() for migration in found)
