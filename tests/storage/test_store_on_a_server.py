"""The store over HTTP: what callers may count on is the same as with an embedded ClickHouse.

What Gatelens parses itself, such as segments and people's SQL, is in `tests/e2e/test_two_processes.py`: a process can
have one engine, and this one's is another.
"""

import threading
from collections.abc import Iterator

import pytest

from storage.errors import (
    ConfigError,
    QueryFailed,
    QueryLimitExceeded,
    QueryMemoryExceeded,
    QueryStopped,
    StoreUnavailable,
)
from storage.faults import query_error
from storage.memory_budget import DEFAULT_BUDGET
from storage.store import Store, connect
from tests.clickhouse_server.clickhouse_process import ClickHouseProcess
from tests.clickhouse_server.users import OWNER, READER
from tests.e2e.gatelens_process import until
from tests.patience import PATIENCE

_ONCE = "non_replicated_deduplication_window = 100"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseProcess]:
    with ClickHouseProcess(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def remote(server: ClickHouseProcess) -> Iterator[Store]:
    opened = connect(server.dsn(), reader_dsn=server.dsn(READER))
    yield opened
    opened.close()


def test_values_and_answers_are_the_same_as_embedded(remote: Store) -> None:
    hostile = "'; DROP TABLE requests; -- \\ {x} %s \n\t"
    assert remote.database == "gatelens"
    assert remote.rows("SELECT {value:String}, currentDatabase()", {"value": hostile}) == [(hostile, "gatelens")]
    # Too long for an address: the driver sends a form.
    ids = [f"{number:040}" for number in range(2000)]
    assert remote.rows("SELECT length({ids:Array(String)})", {"ids": ids}) == [(2000,)]
    found = remote.frame("SELECT 1 AS api, 'x' AS n WHERE 0")
    assert (found.empty, list(found.columns)) == (True, ["api", "n"])


def test_of_inserts_with_one_token_the_first_is_kept(remote: Store) -> None:
    remote.command(f"CREATE TABLE once (a UInt64, b String) ENGINE = MergeTree ORDER BY a SETTINGS {_ONCE}")
    for attempt in (1, 2):
        remote.insert("once", ("a", "b"), [(attempt, "an {x:String} ; 'é'\n")], token="same")  # noqa: S106 - of an insert
    assert remote.rows("SELECT a, b FROM once") == [(1, "an {x:String} ; 'é'\n")]


def test_a_statement_may_be_long(remote: Store) -> None:
    assert remote.rows("EXISTS TABLE long") == [(0,)]
    remote.command(f"CREATE TABLE long (a String DEFAULT '{'x' * 400_000}') ENGINE = Null")
    assert remote.rows("EXISTS TABLE long") == [(1,)]


def test_a_failure_is_reported_as_embedded(remote: Store) -> None:
    with pytest.raises(QueryFailed, match=r"^Unknown expression identifier `nothere`[^()]*$"):
        remote.rows("SELECT nothere")
    with pytest.raises(QueryMemoryExceeded, match=r"^Query memory limit exceeded"):
        remote.apart(1, limits={"max_memory_usage": 10_000_000}).rows(
            "SELECT groupArray(number) FROM numbers(10000000)"
        )
    with pytest.raises(QueryLimitExceeded, match=r"^The query has not ended after 1 seconds\.$"):
        remote.apart(1, seconds=1).rows("SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1")


def test_people_only_read(remote: Store) -> None:
    limits = {"max_execution_time": 30, "readonly": 1}
    assert remote.read_only("SELECT 1 AS x", "CSVWithNames", limits) == b'"x"\n1\n'
    for statement in ("CREATE TABLE no (a UInt8) ENGINE = Null", "SET max_execution_time = 0"):
        # By who they are, whatever the limits.
        with pytest.raises(QueryFailed, match="Not enough privileges"):
            remote.read_only(statement, "CSV", {})


def test_a_query_of_a_person_s_is_stopped(server: ClickHouseProcess, remote: Store) -> None:
    raised: list[Exception] = []

    def ask() -> None:
        try:
            remote.read_only("/* mine */ SELECT sleepEachRow(1) FROM numbers(600)", "CSV", {"max_block_size": 1})
        except QueryStopped as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    running = "SELECT count() FROM system.processes WHERE startsWith(query, '/* mine */')"
    assert until(lambda: server.rows(running), lambda found: found == [["1"]]) == [["1"]]
    remote.stop_reading("/* other */")
    remote.stop_reading("/* mine */")
    asking.join(PATIENCE)
    assert len(raised) == 1


def test_whoever_cannot_get_in_is_told_why(server: ClickHouseProcess) -> None:
    with pytest.raises(StoreUnavailable, match=r"refuses the user or the password; check `storage\.dsn`") as raised:
        connect(server.dsn((OWNER[0], "wrong-secret")))
    assert "wrong-secret" not in str(raised.value)
    with pytest.raises(StoreUnavailable, match="has no such database; create it"):
        connect(server.dsn(database="nowhere"))
    secret = (READER[0], "wrong-secret")
    opened = connect(server.dsn(), reader_dsn=server.dsn(secret))
    with pytest.raises(StoreUnavailable, match=r"refuses the user or the password; check `storage\.reader_dsn`"):
        opened.read_only("SELECT 1", "CSV", {})
    opened.close()
    for option in ("nothing=wrong-secret", "password=wrong-secret"):
        with pytest.raises(ConfigError, match=r"^storage\.dsn has an option behind \? that is not known") as refused:
            connect(f"{server.dsn()}?{option}")
        assert "wrong-secret" not in str(refused.value)
    with pytest.raises(ConfigError, match="is for another database"):
        connect(server.dsn(), DEFAULT_BUDGET, reader_dsn=server.dsn(READER, "other"))


def test_a_server_that_comes_back_is_used_again(server: ClickHouseProcess, remote: Store) -> None:
    assert remote.rows("SELECT 1") == [(1,)]
    server.kill()
    with pytest.raises(StoreUnavailable, match=r"^ClickHouse did not answer: [^?]*$"):
        remote.rows("SELECT 1")
    with pytest.raises(StoreUnavailable, match=r"does not answer; check `storage\.dsn` and that it runs"):
        connect(server.dsn())
    server.start()
    assert remote.rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "message",
    [
        "HTTP driver received HTTP status 502, server response: <html>Bad Gateway</html> (for url http://ch:8123)",
        "Error HTTPConnectionPool(host='ch', port=8123): Read timed out. executing HTTP request attempt 1 (http://ch:8123)",
        "Received ClickHouse exception, code: 236, server response: Code: 236. DB::Exception: Aborted. (ABORTED)",
    ],
)
def test_what_passes_is_tried_again(message: str) -> None:
    error = query_error(None, message)
    assert type(error) is StoreUnavailable
    assert "http://" not in str(error)
