"""The rooms of processors, dashboards and gatelens: which know which, so that data flows one way."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]

# What each room may import of its package, besides itself and what stands in no room.
_PROCESSORS: Mapping[str, set[str]] = {
    "time": set(),
    "rollups": {"time"},
    "query": {"rollups", "time"},
    "lease": {"time"},
    "alerts": {"baselines", "explain", "lease", "query", "time"},
    "annotations": {"query", "time"},
    "baselines": {"query", "time"},
    "catalogue": {"query", "routes", "time"},
    "comparison": {"query", "resources", "time"},
    "consumers": {"query", "time"},
    "countries": set(),
    "custom_dashboards": {"query", "time"},
    "explain": {"query", "time"},
    "explorer": {"query", "time"},
    "health": set(),
    "ingest": {"query", "storage_use", "time"},
    "policies": {"query", "resources", "time"},
    "reports": {"query", "time"},
    "resources": {"query", "time"},
    "retention": {"time"},
    "routes": {"query", "time"},
    "saved_views": {"time"},
    "simulation": {"query", "time"},
    "slo": {"query", "time"},
    "storage_use": {"rollups", "time"},
    "topology": {"explorer", "query", "resources", "time"},
}
_DASHBOARDS: Mapping[str, set[str]] = {
    "access": set(),
    "state": set(),
    "components": {"state"},
    "figures": {"components", "state"},
    "api": {"access"},
    "notices": {"components", "state"},
    "site": {"access", "components", "notices", "state"},
    # Its frame is the site's; pages know what the site puts around them, and no site knows a page.
    "pages": {"components", "figures", "notices", "site", "state"},
}
_GATELENS: Mapping[str, set[str]] = {
    "machine": set(),
    "configuration": {"machine"},
    "data_directory": {"configuration", "machine"},
    "access": {"configuration", "data_directory", "machine"},
    "process": {"access", "configuration", "data_directory", "machine"},
    "demo": {"configuration", "data_directory", "machine"},
    "commands": {"access", "configuration", "data_directory", "demo", "machine", "process"},
}
_ROOMS = {"processors": _PROCESSORS, "dashboards": _DASHBOARDS, "gatelens": _GATELENS}
_SOURCES = sorted(
    path
    for package in _ROOMS
    for room in (_ROOT / package).iterdir()
    if room.is_dir() and (room / "__init__.py").exists()
    for path in room.rglob("*.py")
)


def _imports(path: Path) -> Iterator[str]:
    """The full name of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _rooms_imported(path: Path, package: str) -> set[str]:
    found = {name.split(".")[1] for name in _imports(path) if name.startswith(f"{package}.")}
    return {name for name in found if (_ROOT / package / name).is_dir()}


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_room_knows_only_those_below(path: Path) -> None:
    package, room, *_ = path.relative_to(_ROOT).parts
    assert not _rooms_imported(path, package) - _ROOMS[package].get(room, set()) - {room}


@pytest.mark.parametrize("package", _ROOMS)
def test_every_room_has_its_place(package: str) -> None:
    rooms = {path.parent.name for path in (_ROOT / package).glob("*/__init__.py")}
    assert rooms <= _ROOMS[package].keys(), "say in this test what the new room may know"


def test_commands_do_not_know_each_other() -> None:
    commands = _ROOT / "gatelens" / "commands"
    for path in commands.glob("*/*.py"):
        imported = {name.split(".")[2] for name in _imports(path) if name.startswith("gatelens.commands.")}
        others = {name for name in imported if (commands / name).is_dir()} - {path.parent.name}
        assert not others, f"{path.parent.name} imports {others}; what both need lies in gatelens/commands"


def test_gatelens_has_a_room_for_everything_but_its_list_of_commands() -> None:
    outside = {path.name for path in (_ROOT / "gatelens").glob("*.py")}
    assert outside == {"__init__.py", "__main__.py", "cli.py", "errors.py"}


@pytest.mark.parametrize("package", _ROOMS)
def test_rooms_have_no_cycles(package: str) -> None:
    rooms = dict(_ROOMS[package])
    while free := [room for room, below in rooms.items() if not below & rooms.keys()]:
        for room in free:
            del rooms[room]
    assert not rooms
