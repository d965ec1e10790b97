"""What a person is told of a fault: the cure, and nothing about the machine or its settings."""

import pytest

from storage.errors import DiskFull, GatelensError, QueryFailed, QueryLimitExceeded, StoreError
from storage.faults import for_people, query_error, with_cure
from storage.reader import Reader, reader
from storage.store import Store


def _shown(message: str) -> GatelensError:
    try:
        raise query_error(None, message) from RuntimeError(message)
    except StoreError as error:
        return for_people(error)


@pytest.mark.parametrize(
    "message",
    [
        "Code: 107. DB::ErrnoException: Cannot open file /etc/nothere: , errno: 2, strerror: No such file or directory",
        "Code: 76. DB::ErrnoException: Cannot open file /etc/shadow: , errno: 13, strerror: Permission denied",
        "Code: 291. DB::Exception: File `/etc/passwd` is not inside `/var/lib/clickhouse/user_files`.",
        "Code: 636. DB::Exception: The structure cannot be extracted. (CANNOT_EXTRACT_TABLE_STRUCTURE)",
        "Code: 210. DB::NetException: Connection refused (127.0.0.1:1). (NETWORK_ERROR)",
        "Code: 497. DB::Exception: someone: Not enough privileges. (ACCESS_DENIED)",
    ],
)
def test_all_that_is_beyond_the_tables_fails_alike(message: str) -> None:
    shown = _shown(message)
    assert type(shown) is QueryFailed
    assert str(shown) == "The query would reach beyond the tables; read from those that SHOW TABLES tells."


def test_settings_are_not_named() -> None:
    limit = _shown(
        "Code: 158. DB::Exception: Limit for rows (controlled by 'max_rows_to_read' setting) exceeded, max: 2."
    )
    assert type(limit) is QueryLimitExceeded
    assert str(limit) == "Limit for rows exceeded, max: 2. Narrow the time range, or aggregate more."
    assert str(_shown("Code: 721. DB::Exception: It is deprecated. Set `allow_it` to have it.")) == "It is deprecated."
    only = str(_shown("Code: 1. DB::Exception: Cannot modify 'readonly' setting in readonly mode."))
    assert only == "ClickHouse refused the query; write it more simply."


@pytest.mark.parametrize(
    "message",
    [
        "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)",
        "Code: 75. DB::ErrnoException: Cannot write /data/tmp/1: , errno: 28, strerror: No space left on device",
    ],
)
def test_a_full_disk_is_no_fault_of_who_asks(message: str) -> None:
    error = query_error(None, message)
    assert type(error) is DiskFull
    assert "Free some space" in str(error)
    shown = _shown(message)
    assert (type(shown), str(shown)) == (DiskFull, str(error))


def test_only_people_are_told_to_ask_for_less() -> None:
    message = "Code: 241. DB::Exception: Query memory limit exceeded: would use 2.01 GiB. (MEMORY_LIMIT_EXCEEDED)"
    error = query_error(None, message)
    assert str(error) == "Query memory limit exceeded: would use 2.01 GiB."
    assert str(_shown(message)) == f"{error} Narrow the time range, or aggregate more."
    assert str(with_cure(error)) == f"{error} Narrow the time range, or aggregate more."
    assert with_cure(failed := QueryFailed("No.")) is failed


@pytest.mark.parametrize("sql", ["SELECT formatRow('Protobuf', 1)", "SELECT formatRow('CapnProto', 1)"])
def test_a_schema_is_not_looked_for(store: Store, sql: str) -> None:
    people: Reader = reader(store)
    with pytest.raises(QueryFailed, match="beyond the tables") as raised:
        people.run(sql, "csv")
    assert "schema" not in str(raised.value)
