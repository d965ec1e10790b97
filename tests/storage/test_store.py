"""The store: what callers may count on, whatever ClickHouse answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.dsn import describe
from storage.errors import (
    ConfigError,
    QueryFailed,
    QueryLimitExceeded,
    QueryMemoryExceeded,
    StoreError,
    StoreUnavailable,
)
from storage.faults import query_error
from storage.migrate import migrate, migrations
from storage.sql import statements
from storage.store import Store, connect


def test_migrations_are_applied_once(store: Store) -> None:
    assert migrate(store) == []
    assert store.rows("SELECT count(), uniqExact(version) FROM schema_migrations") == [(len(migrations()),) * 2]


@pytest.fixture
def empty(store: Store, dsn: str) -> Iterator[Store]:
    """A database of its own in the same engine, with nothing in it: what other tests stored is not migrated again."""
    store.command("CREATE DATABASE migrated_at_once")
    opened = connect(f"{dsn}?database=migrated_at_once")
    yield opened
    opened.close()
    store.command("DROP DATABASE migrated_at_once")


def test_two_processes_may_migrate_at_once(empty: Store) -> None:
    with ThreadPoolExecutor(2) as pool:
        applied = [done.result() for done in [pool.submit(migrate, empty) for _ in range(2)]]
    assert max(map(len, applied)) == len(migrations())
    rows = empty.rows("SELECT version FROM schema_migrations FINAL ORDER BY version")
    assert [version for (version,) in rows] == [migration.version for migration in migrations()]


def test_an_answer_without_rows_has_its_columns(store: Store) -> None:
    found = store.frame("SELECT api, count() AS n FROM requests WHERE api = {api:String} GROUP BY api", {"api": "none"})
    assert found.empty
    assert list(found.columns) == ["api", "n"]


def test_values_that_look_like_sql_stay_values(store: Store) -> None:
    hostile = "'; DROP TABLE requests; -- \\ {x} %s \n"
    assert store.rows("SELECT {value:String}", {"value": hostile}) == [(hostile,)]


def test_a_failure_does_not_spoil_the_next_answer(store: Store) -> None:
    def ask(number: int) -> int:
        if number % 4 == 0:
            with pytest.raises(QueryFailed):
                store.rows("SELECT throwIf(number = 70000, 'halfway') FROM numbers(100000)")
            return number
        return int(store.rows("SELECT toUInt64({n:UInt64}) FROM numbers(1)", {"n": number})[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(80))) == list(range(80))


@pytest.mark.parametrize("dsn", ["sqlite:///x", "clickhouse://host", "/a/path", ""])
def test_an_unknown_kind_of_store_is_a_clear_error(dsn: str) -> None:
    with pytest.raises(ConfigError, match="use chdb:///directory or https://user:password@host"):
        connect(dsn)


def test_a_server_that_is_away_is_reported_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"does not answer; check `storage\.dsn`") as raised:
        connect("http://someone:secret@127.0.0.1:1/db")
    assert "secret" not in str(raised.value)
    assert describe("https://someone:secret@host:8443/db") == "https://host:8443/db"


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        (
            "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.9 (official build))",
            QueryLimitExceeded,
            "Memory limit exceeded",
        ),
        (
            "Code: 241. DB::Exception: Query memory limit exceeded: would use 2.01 GiB. (MEMORY_LIMIT_EXCEEDED)",
            QueryMemoryExceeded,
            "would use 2.01 GiB",
        ),
        (
            "Code: 241. DB::Exception: Memory limit (for query) exceeded: would use 2.01 GiB. (MEMORY_LIMIT_EXCEEDED)",
            QueryMemoryExceeded,
            "would use 2.01 GiB",
        ),
        (
            "Code: 241. DB::Exception: (total) memory limit exceeded: would use 7.01 GiB. (MEMORY_LIMIT_EXCEEDED)",
            QueryLimitExceeded,
            "would use 7.01 GiB",
        ),
        ("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)\nStack trace:\n0. x", QueryFailed, "Syntax error."),
        ("Connection refused", StoreUnavailable, "ClickHouse did not answer: Connection refused"),
        ("Code: 210. DB::NetException: Connection reset (NETWORK_ERROR)", StoreUnavailable, "Connection reset"),
        ("", QueryFailed, "ClickHouse gave no reason"),
    ],
)
def test_faults_are_sorted_and_short(message: str, kind: type[StoreError], text: str) -> None:
    error = query_error(None, message)
    assert type(error) is kind
    assert text in str(error)
    assert "version" not in str(error)
    assert "Stack trace" not in str(error)


def test_scripts_are_cut_at_semicolons_that_end_a_line() -> None:
    assert statements("SELECT ';' AS a;\n-- more; of it\nSELECT 2 ; \n\n") == [
        "SELECT ';' AS a",
        "-- more; of it\nSELECT 2",
    ]


def test_a_schema_file_that_is_missing_fails(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        select = "SELECT reason FROM file('nowhere.ready', Protobuf, 'reason String')"
        store.trial(select, "intake", ["reason"], tmp_path / "nowhere.proto")
