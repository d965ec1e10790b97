"""What tests of every package share: one migrated ClickHouse, the browser, and the order of files."""

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from storage.migrate import migrate
from storage.store import Store, connect

# No test fails for the time that an example takes.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def pytest_configure() -> None:
    """Tests and the hundreds of processes that they start keep compiled modules, as an installed Gatelens does."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no names: they may be others at each start, and then parallel workers do not see the same tests."""
    return argname if isinstance(val, bytes) else None


# Of what lasts longest nothing may come last: then one worker would be alone with it. People's queries of tests/storage
# read whole tables, so they come before the tests that fill these.
_FIRST = (
    "tests/e2e/",
    "tests/durability/",
    "tests/storage/",
    "tests/hardening/",
    "tests/gatelens/demo/",
    "tests/collector/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {start: place for place, start in enumerate(_FIRST)}
    items.sort(key=lambda item: min((places[start] for start in places if item.nodeid.startswith(start)), default=9))


def pytest_collection_finish() -> None:
    """What is there before the first test stays there: to look through it takes longer than many a test."""
    if "chdb" in sys.modules:
        # The engine's threads can open what the thread can that imports it, which has to be a confined one.
        raise pytest.UsageError("A module of the tests imports chDB; import it in a process of its own.")
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the one embedded ClickHouse of the process is."""
    return f"chdb://{tmp_path_factory.mktemp('clickhouse')}"


@pytest.fixture(scope="session")
def store(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """That ClickHouse, migrated; tests stay apart by environment or segment id."""
    opened = connect(dsn, readable=[tmp_path_factory.getbasetemp()])
    try:
        migrate(opened)
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's binary; tests that need it are skipped where there is none."""
    found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    if found is None:
        pytest.skip(f"No Chromium was found (tried {', '.join(_BROWSERS)}); run `make install-dev`.")
    return Path(found)
