"""The layout of the code: who may import whom, how long a file may be, what it may be called."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.config import CollectorConfig
from collector.formats.formats import FORMATS
from collector.receivers.receiver import RECEIVERS
from storage.errors import GatelensError
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
# What each room of the collector may import of the collector, the lowest first; besides, what stands in no room.
_MAY_KNOW = {
    "encoding": {"encoding"},
    "formats": {"formats", "encoding"},
    "records": {"records", "formats", "encoding"},
    "spool": {"spool", "formats", "encoding"},
    "intake": {"intake", "spool", "formats", "encoding"},
    "receivers": {"receivers", "intake", "records", "formats", "encoding"},
    "writer": {"writer", "spool", "formats", "encoding"},
    "replay": {"replay", "writer", "spool", "formats", "encoding"},
    "importer": {"importer", "records", "formats", "encoding"},
}
_IN_NO_ROOM = {"arrivals", "errors", "escape_path", "telemetry"}
# The spool is reached through the intake: of its own, a receiver knows only what it hands over.
_BEYOND_ROOMS = {
    ("receivers", "collector.spool.payload"),
    # What receivers are made with holds the settings of all.
    ("receivers", "collector.config"),
}
_ROOMS_SOURCES = sorted(path for room in _MAY_KNOW for path in (_ROOT / "collector" / room).rglob("*.py"))
_IN_AND_OUT = {"asyncio", "io", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "threading"}
_FORMATS = _ROOT / "collector" / "formats"
_OUTSIDE_FORMATS = [
    path
    for path in _SOURCES
    if path.relative_to(_ROOT).parts[0] in ("collector", "gatelens")
    and (path.parent == _FORMATS or not path.is_relative_to(_FORMATS))
]
# Words that are names of formats, and mean something else there.
_NAMED_ALIKE = {
    # How `gatelens query` prints its result.
    "gatelens/commands/query/options.py": {"json"},
    # A kind of gateway.
    "gatelens/demo/model.py": {"flex"},
    # And how `gatelens ask` does.
    "gatelens/commands/ask/options.py": {"json"},
    # An option of the Forward protocol.
    "collector/receivers/forward/message.py": {"fluent_signal"},
    # Causes, in the metric that counts bytes of the spool which are not as they were written.
    "collector/telemetry.py": {"damaged", "cut_off"},
}
_EVERYTHING = [*_SOURCES, *sorted((_ROOT / "tests").rglob("*.py"))]


def _name(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def _modules(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)} imports relatively; write the module's whole name"
            yield node.module or ""


def _imports(path: Path) -> set[str]:
    """The outermost name of every module that a file imports."""
    return {module.partition(".")[0] for module in _modules(path)}


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_imports_point_down_the_layers(path: Path) -> None:
    allowed = _MAY_IMPORT[path.relative_to(_ROOT).parts[0]]
    forbidden = (_MAY_IMPORT.keys() | {"tests", "deploy"}) - allowed
    assert not forbidden & _imports(path)


@pytest.mark.parametrize("path", _SOURCES, ids=_name)
def test_only_storage_knows_clickhouse_clients(path: Path) -> None:
    if path.relative_to(_ROOT).parts[0] != "storage":
        assert not _CLICKHOUSE & _imports(path)


@pytest.mark.parametrize("path", _ROOMS_SOURCES, ids=_name)
def test_the_rooms_of_the_collector_know_only_those_below(path: Path) -> None:
    room = path.relative_to(_ROOT / "collector").parts[0]
    modules = {module for module in _modules(path) if module.startswith("collector.")}
    found = {module.split(".")[1] for module in modules if (room, module) not in _BEYOND_ROOMS}
    assert not found - _MAY_KNOW[room] - _IN_NO_ROOM


def test_every_room_of_the_collector_has_its_place() -> None:
    rooms = {path.parent.name for path in (_ROOT / "collector").glob("*/__init__.py")}
    assert rooms == _MAY_KNOW.keys()


@pytest.mark.parametrize("path", sorted((_ROOT / "collector" / "encoding").glob("*.py")), ids=_name)
def test_encodings_are_bytes_without_input_and_output(path: Path) -> None:
    called = {node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)}
    assert not _IN_AND_OUT & _imports(path)
    assert "open" not in called


def test_each_receiver_has_a_folder_settings_and_a_section() -> None:
    names = [kind.name for kind in RECEIVERS]
    folders = {path.parent.name for path in (_ROOT / "collector" / "receivers").glob("*/config.py")}
    assert sorted(names) == sorted(folders)
    assert set(names) <= CollectorConfig.model_fields.keys()


@pytest.mark.parametrize("path", _OUTSIDE_FORMATS, ids=_name)
def test_nothing_outside_of_its_folder_names_a_format(path: Path) -> None:
    texts = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert texts & FORMATS.by_name.keys() <= _NAMED_ALIKE.get(_name(path), set())


@pytest.mark.parametrize("path", _EVERYTHING, ids=_name)
def test_files_are_short_and_named_for_what_they_hold(path: Path) -> None:
    assert not _MEANINGLESS & {part.removesuffix(".py") for part in path.relative_to(_ROOT).parts}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= _MOST_LINES


@pytest.mark.parametrize("package", _MAY_IMPORT)
def test_the_errors_of_a_package_are_of_one_tree(package: str) -> None:
    module = importlib.import_module(f"{package}.errors")
    errors = [found for found in vars(module).values() if isinstance(found, type)]
    assert errors
    assert all(issubclass(error, GatelensError) for error in errors)


def test_every_package_of_ours_is_a_package() -> None:
    for path in _SOURCES:
        assert (path.parent / "__init__.py").exists() or path.parent.name == "migrations", _name(path.parent)


def test_migrations_are_numbered_without_gaps() -> None:
    found = migrations()
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    assert all(migration.name and migration.script.strip() for migration in found)
