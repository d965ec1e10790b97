"""The documentation says what the code has: nothing that a user can set, run, read or open is left out."""

import ast
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import typer.main
from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from collector.formats.custom.known import OF_ANY_PROGRAM, PRESETS
from collector.telemetry import CollectorMetrics
from dashboards.pages.pages import PAGES
from dashboards.query_queue import QueryMetrics
from gatelens.cli import app
from gatelens.configuration.config import Config, load_config
from gatelens.machine.memory import observe as observe_memory
from gatelens.process.telemetry import Telemetry
from processors.alerts.telemetry import AlertMetrics
from processors.rollups.telemetry import RollupMetrics
from processors.storage_use.report import StorageReport, TableUse
from processors.storage_use.telemetry import StorageMetrics
from processors.time.durations import show_duration
from storage.memory_budget import DEFAULT_BUDGET
from storage.reader import OUTPUT_FORMATS, reader
from storage.store import Store

_ROOT = Path(__file__).parents[1]
_DOCS = _ROOT / "docs"
_PACKAGES = ("storage", "collector", "processors", "dashboards", "gatelens")
_MARKDOWN = (*sorted(_ROOT.glob("*.md")), *sorted(_DOCS.rglob("*.md")))

_UNITS = ((" GiB", 30), (" MiB", 20), (" KiB", 10), ("", 0))

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_NAMED_PAGE = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.md(?:#[\w-]+)?")
_INSTRUMENT = re.compile(r"^gatelens(\.[a-z_]+)+$")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _doc(name: str) -> str:
    return _text(_DOCS / f"{name}.md")


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation is made of, e.g. of a tuple of them."""
    candidates = (annotation, *get_args(annotation))
    return [found for found in candidates if isinstance(found, type) and issubclass(found, BaseModel)]


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        models = _models(field.annotation)
        if field.annotation not in models:
            yield f"{prefix}{name}", field
        for inner in models:
            is_list = get_origin(field.annotation) is tuple
            yield from _settings(inner, f"{prefix}{name}{'[]' if is_list else ''}.")


def _default(field: FieldInfo) -> str:
    """A default as the table of settings says it."""
    value = field.default
    if field.is_required():
        return "required"
    if value is None:
        return "none"
    if value in ("", ()):
        return "empty"
    if field.annotation is ByteSize:
        unit, shift = next(pair for pair in _UNITS if value % (1 << pair[1]) == 0)
        return f"`{value >> shift}{unit}`"
    return f"`{show_duration(value) if isinstance(value, timedelta) else value}`"


@pytest.mark.parametrize(("path", "field"), [pytest.param(*found, id=found[0]) for found in _settings(Config)])
def test_every_setting_is_documented_with_its_default(path: str, field: FieldInfo) -> None:
    row = re.search(rf"^\| `{re.escape(path)}` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", _doc("configuration"), re.MULTILINE)
    assert row is not None
    assert row[1] == _default(field)


def _commands(group: Any, prefix: str = "gatelens") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


_COMMANDS = dict(_commands(typer.main.get_command(app)))


def _section(text: str, heading: str) -> str:
    """What stands under the heading of level 2 that names something, e.g. `requests`."""
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    return next((section for section in sections if f"`{heading}`" in section.partition("\n")[0]), "")


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    section = _section(_doc("commands"), name)
    assert section
    for parameter in _COMMANDS[name].params:
        for option in parameter.opts:
            shown = option if option.startswith("-") else option.upper()
            assert f"`{shown}" in section, shown


def test_every_table_and_column_is_documented(store: Store) -> None:
    columns = store.rows(
        "SELECT table, groupArray(name) FROM system.columns WHERE database = currentDatabase()"
        " AND NOT match(table, '^intake|_from_|^schema_migrations$') GROUP BY table ORDER BY table"
    )
    documented = _doc("tables")
    assert len(columns) >= 10
    for table, names in columns:
        section = _section(documented, table)
        assert [name for name in names if f"| `{name}` |" not in section] == [], table


def test_every_internal_table_is_explained(store: Store) -> None:
    tables = {table for (table,) in store.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")}
    documented = _doc("tables")
    assert {table for table in tables if "_from_" not in table and f"`{table}`" not in documented} == set()


def _instruments() -> set[str]:
    """The names given to calls such as `meter.create_counter("gatelens.…")`, wherever they stand."""
    found = set()
    for path in (file for package in _PACKAGES for file in (_ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(_text(path))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                if isinstance(name, str) and _INSTRUMENT.match(name):
                    found.add(name)
    return found


def test_every_instrument_is_documented() -> None:
    documented = _doc("metrics")
    names = _instruments()
    assert len(names) >= 10
    assert {name for name in names if f"| `{name}` |" not in documented} == set()


def test_the_names_in_prometheus_are_those_of_the_exposition() -> None:
    telemetry = Telemetry("1.2.3")
    collector = CollectorMetrics(telemetry.meter)
    collector.accepted("http", "envoy_json", 1)
    collector.refused("http", "malformed")
    collector.repeated("http")
    collector.connection_refused("http", "malformed", "", "")
    collector.stored("envoy_json", 0.1, 0.2)
    collector.failed("envoy_json")
    collector.recovered("envoy_json", 1)
    collector.observe_spool(lambda: 1, lambda: 2, lambda: 3, lambda: 0)
    collector.observe_damage(lambda: 4, lambda: 5)
    collector.observe_ledger(lambda: 0, lambda: 1.5)
    collector.observe_quarantine(lambda: 0)
    observe_memory(telemetry.meter, DEFAULT_BUDGET)
    alerting = AlertMetrics(telemetry.meter)
    alerting.evaluated("rule", "evaluated")
    alerting.round_took(0.1)
    alerting.notified("receiver", "webhook", "delivered")
    alerting.observe_firing(lambda: {"rule": 1})
    alerting.observe_beyond_limit(lambda: {"rule": 1})
    alerting.observe_leading(lambda: True)
    queries = QueryMetrics(telemetry.meter)
    queries.rejected("wait")
    queries.observe_abandoned(lambda: 1)
    rollups = RollupMetrics(telemetry.meter)
    rollups.built("api_10m", 1, 0.1)
    rollups.observe_waiting(lambda: {"api_10m": 1})
    StorageMetrics(telemetry.meter, lambda: StorageReport([TableUse("requests", 1, 1, 1, 1)], 1, 1, {}))
    shown = set(re.findall(r"^# TYPE (\S+)", telemetry.exposition().decode(), re.MULTILINE))
    telemetry.close()
    documented = _doc("metrics")
    assert {name for name in shown if f"`{name}`" not in documented} == set()
    told = set(re.findall(r"^\| `gatelens\.[^|]*\| `(\w+)`", documented, re.MULTILINE))
    assert told == {name for name in shown if name.startswith("gatelens_")}


def test_the_pages_are_those_that_are_documented() -> None:
    modules = [sys.modules[make.__module__] for make in PAGES]
    documented = re.findall(r"^\| \[[\w ]+\]\(#[\w-]+\) \| `(/[\w-]*)` \|", _doc("pages"), re.MULTILINE)
    assert documented == [module.PATH for module in modules]


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_every_format_of_answers_is_documented(name: str) -> None:
    assert f"`{name}`" in _section(_doc("commands"), "gatelens query")
    assert f"`{name}`" in _doc("http-api")


def test_every_sql_function_of_ours_is_documented(store: Store) -> None:
    made = [name for (name,) in store.rows("SELECT name FROM system.functions WHERE origin = 'SQLUserDefined'")]
    documented = _doc("sql")
    assert made
    assert [name for name in made if f"| `{name}(" not in documented] == []


def _anchors(path: Path) -> set[str]:
    """The fragments of a file's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", _text(path)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", _MARKDOWN, ids=lambda path: str(path.relative_to(_ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in _LINK.findall(_FENCED.sub("", _text(path))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, fragment = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not fragment or fragment in _anchors(target), link


def _told_pages() -> Iterator[tuple[Path, str]]:
    """The pages that code, its messages, and the examples of gateways' settings name."""
    for path in (found for package in (*_PACKAGES, "deploy") for found in (_ROOT / package).rglob("*")):
        if path.suffix in {".py", ".sql", ".yaml", ".yml", ".cfg", ".conf", ".xml", ".properties", ".dwl"}:
            for link in _NAMED_PAGE.findall(_text(path)):
                yield path, link


def test_every_page_that_the_product_names_is_there() -> None:
    told = list(_told_pages())
    assert len(told) >= 10
    for path, link in told:
        name, _, fragment = link.partition("#")
        target = _ROOT / name
        assert target.exists(), (path, link)
        assert not fragment or fragment in _anchors(target), (path, link)


@pytest.mark.parametrize("path", sorted((_DOCS / "sources").glob("*.md")), ids=lambda path: path.name)
def test_a_page_of_a_source_can_be_read_at_once(path: Path) -> None:
    assert len(_text(path).splitlines()) <= 300


def test_every_preset_is_documented() -> None:
    table = _doc("sources").partition("\n## Presets\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")]
    assert {name for name in (*PRESETS, *OF_ANY_PROGRAM) if not any(f"`{name}`" in row for row in rows)} == set()


def test_the_commands_of_the_readme_exist() -> None:
    readme = _text(_ROOT / "README.md")
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", _text(_ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", readme)) <= targets
    used = re.findall(r"\bgatelens ((?:report )?[a-z]+)(.*)", shell)
    assert {name for name, _ in used} >= {"up", "import", "query", "report usage"}
    for name, rest in used:
        known = {option for parameter in _COMMANDS[f"gatelens {name}"].params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) <= known, name


def test_every_document_and_decision_is_in_the_index() -> None:
    index = _text(_DOCS / "README.md")
    others = {str(path.relative_to(_DOCS)) for path in _DOCS.rglob("*.md")} - {"README.md"}
    assert {name for name in others if f"]({name})" not in index} == set()


def test_the_example_configuration_can_be_used(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n# gatelens.yaml\n(.*?)```", _doc("configuration"), re.DOTALL)
    assert found is not None
    path = tmp_path / "gatelens.yaml"
    path.write_text(found[1], encoding="utf-8")
    assert load_config(path, {}) != Config()


@pytest.mark.parametrize("name", ["sql", "alerts"])
def test_the_examples_of_sql_run(store: Store, name: str) -> None:
    text = _doc(name)
    examples = re.findall(r"^```sql\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    commands = re.findall(r'^gatelens query "([^"]+)"', text, re.MULTILINE)
    assert examples
    for statement in (*examples, *commands):
        reader(store).run(statement, "csv")
