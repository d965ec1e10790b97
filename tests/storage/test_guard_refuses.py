"""What the guard must refuse: every way known to us out of a reading query over our tables."""

from pathlib import Path

import pytest

from storage.errors import QueryFailed, QueryRefused
from storage.reader import Reader, reader
from storage.store import Store

_FILES = (
    "SELECT file('/etc/passwd')",
    "SELECT/**/FILE/**/('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT system.file('/etc/passwd')",
    "SELECT if(1, file('/etc/passwd'), '')",
    "SELECT CASE WHEN 1 THEN file('/etc/passwd') END",
    "SELECT CAST(file('/etc/passwd') AS Array(String))",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT mapApply((k, v) -> (k, file(v)), map('a', '/etc/passwd'))",
    "SELECT quantile(length(file('/etc/passwd')))(1)",
    "SELECT count() FILTER (WHERE file('/etc/passwd') != '')",
    "SELECT now() + INTERVAL length(file('/etc/passwd')) DAY",
    "SELECT DISTINCT ON (file('/etc/passwd')) 1",
    "SELECT * REPLACE (file('/etc/passwd') AS number) FROM numbers(1)",
    "SELECT * APPLY(file) FROM (SELECT '/etc/passwd' AS a)",
    "SELECT COLUMNS('a') APPLY(x -> file(x)) FROM (SELECT '/etc/passwd' AS a)",
    "WITH (x) -> file(x) AS f SELECT f('/etc/passwd')",
    "WITH f AS (SELECT * FROM file('/etc/passwd', LineAsString)) SELECT * FROM f",
    "FROM file('/etc/passwd', LineAsString) SELECT *",
    "SELECT 1 UNION ALL SELECT file('/etc/passwd')",
    "SELECT * FROM (SELECT 1 AS a UNION ALL SELECT length(file('/etc/passwd')))",
    "SELECT 1 WHERE 1 IN (SELECT length(file('/etc/passwd')))",
    "SELECT 1 WHERE 'x' IN file('/etc/passwd')",
    "SELECT 1 WHERE 'x' IN (SELECT * FROM file('/etc/passwd', LineAsString))",
    "SELECT EXISTS(SELECT file('/etc/passwd'))",
    "SELECT * FROM requests PREWHERE file('/etc/passwd') = ''",
    "SELECT 1 GROUP BY GROUPING SETS ((file('/etc/passwd')))",
    "SELECT 1 HAVING file('/etc/passwd') != ''",
    "SELECT 1 QUALIFY file('/etc/passwd') = ''",
    "SELECT * FROM requests ORDER BY file('/etc/passwd')",
    "SELECT number FROM numbers(3) ORDER BY number WITH FILL STEP length(file('/etc/passwd'))",
    "SELECT 1 AS b FROM numbers(3) ORDER BY number WITH FILL INTERPOLATE (b AS length(file('/etc/passwd')))",
    "SELECT 1 LIMIT length(file('/etc/passwd'))",
    "SELECT 1 LIMIT 1 OFFSET length(file('/etc/passwd'))",
    "SELECT 1 LIMIT 1 BY file('/etc/passwd')",
    "SELECT count() OVER (PARTITION BY file('/etc/passwd')) FROM requests",
    "SELECT sum(number) OVER (ORDER BY number ROWS BETWEEN length(file('/x')) PRECEDING AND CURRENT ROW)",
    "SELECT sum(number) OVER w FROM numbers(3) WINDOW w AS (ORDER BY file('/etc/passwd'))",
    "SELECT a FROM numbers(1) ARRAY JOIN [file('/etc/passwd')] AS a",
    "SELECT * FROM numbers(1) AS n JOIN file('/etc/passwd', LineAsString) AS f ON 1 = 1",
    "SELECT * FROM numbers(1) AS a JOIN numbers(1) AS b ON file('/etc/passwd') != ''",
    "SELECT * FROM values('a String', file('/etc/passwd'))",
    "EXPLAIN SELECT file('/etc/passwd')",
    "DESCRIBE TABLE file('/etc/passwd', LineAsString)",
    "DESCRIBE TABLE (SELECT file('/etc/passwd'))",
)
_ELSEWHERE = (
    "file('/etc/passwd', LineAsString)",
    "fileCluster('default', '/etc/passwd', LineAsString)",
    "url('http://127.0.0.1:1/', CSV, 'a String')",
    "remote('127.0.0.1', system.one)",
    "remoteSecure('127.0.0.1', system.one)",
    "cluster('default', system.one)",
    "clusterAllReplicas('default', system.one)",
    "s3('http://127.0.0.1/x', CSV, 'a String')",
    "gcs('http://127.0.0.1/x', CSV, 'a String')",
    "azureBlobStorage('x', 'y', 'z')",
    "hdfs('hdfs://127.0.0.1/x', CSV, 'a String')",
    "iceberg('http://127.0.0.1/x')",
    "deltaLake('http://127.0.0.1/x')",
    "mysql('127.0.0.1:3306', 'a', 'b', 'c', 'd')",
    "postgresql('127.0.0.1:5432', 'a', 'b', 'c', 'd')",
    "mongodb('127.0.0.1:27017', 'a', 'b', 'c', 'd', 'a String')",
    "redis('127.0.0.1', 'k', 'k String')",
    "sqlite('x.db', 't')",
    "odbc('DSN=x', 'a', 'b')",
    "jdbc('x', 'a', 'b')",
    "executable('x.sh', CSV, 'a String')",
    "Python(reader)",
    "input('a String')",
    "dictionary('d')",
    "merge('system', '.*')",
    "mergeTreeIndex(currentDatabase(), 'requests')",
    "view(SELECT * FROM system.query_log)",
    "viewExplain('EXPLAIN', '', (SELECT 1))",
    "(EXPLAIN SELECT 1)",
    "loop(system.one)",
    "null('a String')",
)
_SYSTEM = (
    "SELECT * FROM system.query_log",
    "SELECT * FROM `system`.`processes`",
    'SELECT * FROM "system"."settings"',
    "SELECT * FROM system . /* here */ server_settings",
    "SELECT * FROM SYSTEM.users",
    "FROM system.users SELECT *",
    "SELECT * FROM system.one AS a, system.processes AS b",
    "SELECT (SELECT any(query) FROM system.processes)",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM system.processes))",
    "SELECT * FROM requests AS r PASTE JOIN system.processes AS b",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM INFORMATION_SCHEMA.TABLES",
    "SELECT 1 WHERE 'x' IN system.query_log",
    "SELECT 1 WHERE ('x') IN (`system`.`users`)",
    "SELECT 1 WHERE in('x', system.query_log)",
    "SELECT 1 WHERE 1 GLOBAL NOT IN system.query_log",
    "DESCRIBE system.query_log",
    "SHOW CREATE TABLE system.users",
    "SHOW TABLES FROM system",
)
_STATEMENTS = (
    "INSERT INTO requests (api) VALUES ('x')",
    "ALTER TABLE requests DELETE WHERE 1",
    "DELETE FROM requests WHERE 1",
    "UPDATE requests SET api = '' WHERE 1",
    "DROP TABLE requests",
    "/* SELECT 1 */ DROP TABLE requests",
    "TRUNCATE TABLE requests",
    "RENAME TABLE requests TO r",
    "EXCHANGE TABLES requests AND logs",
    "CREATE TABLE x (a Int8) ENGINE = Memory",
    "CREATE FUNCTION f AS (x) -> x",
    "ATTACH TABLE x",
    "DETACH TABLE requests",
    "OPTIMIZE TABLE requests FINAL",
    "CHECK TABLE requests",
    "EXISTS TABLE requests",
    "BACKUP TABLE requests TO File('x')",
    "SYSTEM STOP MERGES",
    "SYSTEM SHUTDOWN",
    "SET max_memory_usage = 0",
    "USE system",
    "GRANT ALL ON *.* TO default",
    "EXECUTE AS default SELECT 1",
    "KILL QUERY WHERE 1",
    "BEGIN TRANSACTION",
    "SHOW DATABASES",
    "SHOW PROCESSLIST",
    "SHOW GRANTS",
    "SHOW SETTINGS LIKE '%'",
    "SHOW CREATE DATABASE default",
    "EXPLAIN AST SELECT 1",
    "EXPLAIN ESTIMATE SELECT 1",
    "EXPLAIN PLAN header = 1 SELECT 1",
    "EXPLAIN INSERT INTO requests (api) VALUES ('x')",
    "EXPLAIN AST DROP TABLE requests",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE requests",
    "SELECT 1 -- one\n; DROP TABLE requests",
    "SELECT 1 /* ; */ ; DROP /* x */ TABLE requests",
    "SELECT 1 SETTINGS max_memory_usage = 0",
    "SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)",
    "SELECT 1 FORMAT Null SETTINGS readonly = 0",
    "SELECT 1 FORMAT JSON",
    "SHOW TABLES FORMAT JSON",
    "SELECT {x:String}",
    "SELECT * FROM {x:Identifier}",
    "SELECT 1 \0",
    f"SELECT '{'x' * 70_000}'",
)
_FUNCTIONS = (
    "getSetting('max_threads')", "getServerSetting('max_connections')", "getMacro('x')", "getServerPort('tcp_port')",
    "currentUser()", "user()", "authenticatedUser()", "currentRoles()", "enabledRoles()", "currentProfiles()",
    "currentDatabase()", "hostName()", "fqdn()", "version()", "buildId()", "uptime()", "serverUUID()", "tcpPort()",
    "queryID()", "initialQueryID()", "connectionId()", "getClientHTTPHeader('authorization')", "showCertificate()",
    "filesystemAvailable()", "filesystemCapacity()", "getOSKernelVersion()", "sleep(3)", "sleepEachRow(1)",
    "throwIf(1, 'x')", "trap('access context')", "hasColumnInTable('system', 'query_log', 'query')",
    "dictGet('d', 'a', 1)", "dictHas('d', 1)", "joinGet('d', 'a', 1)", "catboostEvaluate('/etc/passwd', 1)",
    "naiveBayesClassifier('m', 'x')", "aiGenerate('x', 'y')", "addressToLine(1)", "encrypt('aes-128-ecb', 'x', 'k')",
    "initializeAggregation('sum', 1)", "structureToProtobufSchema('a String')", "zookeeperSessionUptime()",
    "nonexistent(1)",
)  # fmt: skip
# Refused by the engine's parser before the guard has anything to judge.
_NOT_SQL = (
    "SELECT ﬁle('/etc/passwd')",
    "SELECT * FROM system。query_log",
    "PARALLEL WITH SELECT 1",
    "TABLE system.query_log",
    "SELECT arrayReduce('file', [1])",
    "",
    ";",
)


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


@pytest.mark.parametrize("sql", [*_FILES, *_SYSTEM, *_STATEMENTS])
def test_ways_out_are_refused(people: Reader, sql: str) -> None:
    with pytest.raises(QueryRefused):
        people.run(sql, "csv")


@pytest.mark.parametrize("source", _ELSEWHERE)
def test_data_from_elsewhere_is_refused(people: Reader, source: str) -> None:
    for sql in (
        f"SELECT * FROM {source}",
        f"SELECT 1 FROM numbers(1), {source} AS x",
        f"SELECT 1 IN (SELECT * FROM {source})",
    ):
        with pytest.raises(QueryRefused):
            people.run(sql, "csv")


@pytest.mark.parametrize("call", _FUNCTIONS)
def test_functions_that_tell_of_the_machine_are_refused(people: Reader, call: str) -> None:
    with pytest.raises(QueryRefused, match="function"):
        people.run(f"SELECT {call}", "csv")


@pytest.mark.parametrize("sql", _NOT_SQL)
def test_what_is_no_query_fails(people: Reader, sql: str) -> None:
    with pytest.raises(QueryFailed):
        people.run(sql, "csv")


@pytest.mark.parametrize(
    "statement", ["SELECT 1", "EXPLAIN SELECT 1", "EXPLAIN AST SELECT 1", "SHOW TABLES", "DESCRIBE requests"]
)
def test_no_file_is_written(people: Reader, tmp_path: Path, statement: str) -> None:
    target = tmp_path / "out.csv"
    with pytest.raises(QueryRefused):
        people.run(f"{statement} INTO OUTFILE '{target}'", "csv")
    assert not target.exists()


def test_the_tables_are_still_there(people: Reader) -> None:
    assert b"requests" in people.run("SHOW TABLES", "csv")


def test_a_refusal_names_the_cure(people: Reader) -> None:
    with pytest.raises(QueryRefused, match=r"file may not be used in a query; docs/sql\.md tells which may"):
        people.run("SELECT file('x')", "csv")
    with pytest.raises(QueryRefused, match=r"Format 'xml' is not known; use one of table, csv"):
        people.run("SELECT 1", "xml")
