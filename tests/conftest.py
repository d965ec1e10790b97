"""What tests of every package share: one migrated ClickHouse, and the browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.migrate import migrate
from storage.store import Store, connect

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no names: they may be others at each start, and then parallel workers do not see the same tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The one embedded ClickHouse of the process, migrated; tests stay apart by environment or segment id."""
    opened = connect(f"chdb://{tmp_path_factory.mktemp('clickhouse')}", readable=[tmp_path_factory.getbasetemp()])
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
