"""Names in a statement: which are tables, subqueries, aliases and columns, and which would be functions or files."""

from importlib.resources import files

import pytest

from storage.errors import QueryRefused
from storage.reader import Reader, reader
from storage.store import Store

_EXAMPLES = [
    path.read_text(encoding="utf-8")
    for path in files("dashboards.pages.sql.examples").iterdir()
    if path.name.endswith(".sql")
]
_FINE = (
    # Columns and aliases with the names of functions that are refused.
    "SELECT max(version) FROM schema_migrations",
    "SELECT consumer AS user, count() FROM requests GROUP BY user ORDER BY user",
    "WITH 1 AS file SELECT file, file + 1",
    "SELECT database, name FROM system.tables",
    "SELECT name FROM system.functions WHERE name = 'file'",
    # Functions that are allowed, handed on by their names.
    "SELECT arrayMap(lower, ['A']), arrayFold(concat, ['a'], ''), arraySort(negate, [1, 2])",
    "SELECT arraySum(x -> x.1, [(1, 2)]), arrayFilter(x -> x IN (1, 2), [1, 3])",
    # Subqueries by name.
    "WITH b AS (SELECT 1) SELECT 1 UNION ALL SELECT * FROM b",
    "WITH b AS (SELECT 5 AS n) SELECT * FROM (SELECT * FROM b)",
    "WITH a AS (SELECT 1 AS n), b AS (SELECT n FROM a) SELECT * FROM b WHERE n IN a",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
    "WITH requests AS (SELECT 1 AS n) SELECT n FROM requests",
    # Lists by name.
    "WITH ['x'] AS list SELECT 'x' IN list",
    "WITH ['x'] AS list SELECT * FROM (SELECT 'x' IN list)",
    "WITH (SELECT groupArray(api) FROM requests) AS busy SELECT count() FROM requests WHERE api IN busy",
    # Rows that are written down.
    "SELECT * FROM values(('a', 1), ('b', 2)) AS u, values(1, 2) AS v, values('a', 'b') AS w",
    "SELECT * FROM values('a DateTime(\\'UTC\\'), b Nullable(UInt8)', (0, NULL))",
    # Brackets that the tree does not keep.
    "SELECT ((1) + 2) * 3, (1, 2).1, [1, 2][1], -(1)",
    "SELECT api FROM requests WHERE (status = 1) AND ((api = 'x') OR (api = '()'))",
    "((SELECT 1) UNION ALL (SELECT 2))",
    "SELECT 1 WHERE " + "(" * 150 + "1" + ")" * 150,
    "SELECT " + " + ".join(["1"] * 100),
    "SELECT 1 WHERE " + " AND ".join(["1"] * 600),
    *_EXAMPLES,
)
_REFUSED = (
    "SELECT arrayMap(file, ['/etc/passwd'])",
    "SELECT arrayMin(file, ['/etc/passwd'])",
    "SELECT arrayMax(file, ['/etc/passwd'])",
    "SELECT arrayMap(x -> arrayMap(file, [x]), ['/proc/self/environ'])",
    "SELECT arrayFold(file, ['/etc/passwd'], '')",
    "SELECT arrayMap(addressToLine, [1]), arrayMap(filesystemAvailable, ['default'])",
    "SELECT arrayMap(version, [1]) FROM schema_migrations",
    "SELECT * FROM `/etc/passwd`",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM passwd",
    # Declared columns, whose expressions stand in no tree.
    "SELECT a FROM values('b UInt8, a String ALIAS file(\\'/etc/passwd\\')', (1))",
    "SELECT a FROM values('b UInt8, a String default getSetting(\\'max_memory_usage\\')', (1))",
    "SELECT a FROM VALUES('b UInt8, a String MATERIALIZED hostName()', 1)",
    "WITH 'b UInt8, a String ALIAS hostName()' AS s SELECT a FROM values(s, (1))",
    "SELECT a FROM values(concat('b UInt8, a String ALI', 'AS hostName()'), (1))",
    "SELECT a FROM values((SELECT 'b UInt8, a String ALIAS hostName()'), (1))",
    # The alias of a source is not known within it, where its name is that of a file.
    "SELECT * FROM (SELECT 1 WHERE 'x' IN `/etc/passwd`) AS `/etc/passwd`",
    "WITH z AS (SELECT 1 WHERE 'x' IN `/etc/passwd`) SELECT * FROM z AS `/etc/passwd`",
    "SELECT 1 FROM numbers(1) AS a JOIN (SELECT 1 AS n WHERE 'x' IN `/etc/passwd`) AS `/etc/passwd` ON 1 = 1",
    "SELECT 1 WHERE 'x' IN `/etc/passwd`",
    "SELECT 'x' IN list",
    "SELECT 'x' IN list, (SELECT ['x'] AS list)",
    "SELECT arrayMap(list -> 1, [1]), 'x' IN list",
    "SELECT 1 AS `q) (alias list`, 'x' IN list",
    "WITH t AS (SELECT * FROM t) SELECT * FROM t",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
    "SELECT 1 UNION ALL (WITH b AS (SELECT 1) SELECT * FROM b) UNION ALL SELECT * FROM b",
    "SELECT * FROM (WITH b AS (SELECT 1) SELECT 1) AS x, b",
    "SELECT * FROM `system.one`",
    "SELECT * FROM default.requests",
    "SELECT * FROM system.parts",
    "SELECT count(*) FROM system.parts",
    "SELECT p.path FROM system.parts AS p",
    "SELECT COLUMNS('pa') FROM system.parts",
    "SELECT * FROM (SELECT * FROM system.tables)",
    "WITH t AS (SELECT data_paths AS d FROM system.tables) SELECT d FROM t",
    "SELECT COLUMNS(path, name) FROM system.parts",
    "SELECT p.COLUMNS(path) FROM system.parts AS p",
    "SELECT * EXCEPT (name) FROM system.tables",
    "SELECT untuple(tuple(p.*)) FROM system.parts AS p",
    "SELECT a FROM system.parts ARRAY JOIN [path] AS a",
    "SELECT 1 FROM system.parts AS a JOIN system.parts AS b USING (path)",
    "SELECT 1 FROM system.parts WHERE 'x' IN (SELECT path FROM system.parts)",
    "SELECT tables.metadata_path FROM system.tables",
    "SELECT " + " + ".join(["1"] * 300),
)


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


@pytest.mark.parametrize("sql", _FINE)
def test_names_of_the_statement_may_be_used(people: Reader, sql: str) -> None:
    assert people.run(sql, "json")


@pytest.mark.parametrize("sql", _REFUSED)
def test_other_names_are_refused(people: Reader, sql: str) -> None:
    for statement in (sql, f"EXPLAIN {sql}"):
        with pytest.raises(QueryRefused):
            people.run(statement, "csv")


def test_examples_are_there() -> None:
    assert len(_EXAMPLES) >= 4
