"""What tests of every package share: one migrated ClickHouse, and the browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.migrate import migrate
from storage.store import Store, connect

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The one embedded ClickHouse of the process, migrated; tests stay apart by environment or segment id."""
    opened = connect(f"chdb://{tmp_path_factory.mktemp('clickhouse')}")
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
