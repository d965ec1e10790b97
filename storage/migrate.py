"""Numbered, forward-only changes of the schema, each a script of idempotent statements."""

from dataclasses import dataclass
from importlib.resources import files

from storage.errors import StoreError
from storage.sql import statements
from storage.store import Store

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version    UInt32,
    name       String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY version
"""


@dataclass(frozen=True)
class Migration:
    """One script: `version` from its file name, e.g. 2 and 'requests' of 0002_requests.sql."""

    version: int
    name: str
    script: str


def migrations() -> list[Migration]:
    """Every migration that ships, in order."""
    scripts = (entry for entry in files("storage.migrations").iterdir() if entry.name.endswith(".sql"))
    found = []
    for script in sorted(scripts, key=lambda entry: entry.name):
        version, _, name = script.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(version), name, script.read_text(encoding="utf-8")))
    return found


def migrate(store: Store) -> list[Migration]:
    """Apply what is missing and return it.

    Two processes may start at once on one server: every statement says IF NOT EXISTS, so both may run it.
    """
    applied = _applied(store)
    pending = [migration for migration in migrations() if migration.version not in applied]
    if pending:
        store.ensure_room()
        store.command(_LEDGER)
    for migration in pending:
        _apply(store, migration)
    return pending


def _applied(store: Store) -> set[int]:
    if store.rows("EXISTS TABLE schema_migrations") == [(0,)]:
        return set()
    return {version for (version,) in store.rows("SELECT version FROM schema_migrations")}


def _apply(store: Store, migration: Migration) -> None:
    for statement in statements(migration.script):
        try:
            store.command(statement)
        except StoreError as error:
            raise type(error)(f"Migration {migration.version:04} ({migration.name}) failed: {error}") from error
    store.insert("schema_migrations", ("version", "name"), [(migration.version, migration.name)])
