"""Every function that is not allowed, in every place where ClickHouse would call it."""

import pytest

from storage.errors import QueryFailed
from storage.guard import Guard
from storage.reader import Reader, catalogue, reader
from storage.store import Store
from tests.storage.guard_judgement import listed, passed

_REFUSED = [*listed("refused_functions.txt"), *listed("too_heavy_functions.txt")]
_TABLE_FUNCTIONS = listed("refused_table_functions.txt")

# `f` is a function that is not allowed.
_CALLS = (
    "SELECT `f`('x')",
    "SELECT if(1, `f`('x'), '')",
    "SELECT CAST(`f`('x') AS String)",
    "SELECT arrayMap(x -> `f`(x), ['x'])",
    "SELECT arrayMap(x -> arrayMap(y -> `f`(y), [x]), ['x'])",
    "SELECT mapApply((k, v) -> (k, `f`(v)), map('a', 'x'))",
    "WITH (x) -> `f`(x) AS g SELECT g('x')",
    "WITH `f`('x') AS g SELECT g",
    "WITH t AS (SELECT `f`('x')) SELECT * FROM t",
    "SELECT * FROM (SELECT `f`('x'))",
    "SELECT (SELECT `f`('x'))",
    "SELECT 1 WHERE 1 IN (SELECT `f`('x'))",
    "SELECT 1 UNION ALL SELECT `f`('x')",
    "SELECT * REPLACE (`f`('x') AS number) FROM numbers(1)",
    "SELECT * APPLY(`f`) FROM numbers(1)",
    "SELECT COLUMNS('n') APPLY(`f`) FROM numbers(1)",
    "SELECT * APPLY(x -> `f`(x)) FROM numbers(1)",
    "SELECT number FROM numbers(1) ORDER BY `f`('x')",
    "SELECT number FROM numbers(1) LIMIT 1 BY `f`('x')",
    "SELECT a FROM numbers(1) ARRAY JOIN [`f`('x')] AS a",
    "SELECT * FROM numbers(1) AS a JOIN numbers(1) AS b ON `f`('x') = ''",
    "SELECT count() OVER (PARTITION BY `f`('x'))",
    "SELECT count() FILTER (WHERE `f`('x'))",
    "EXPLAIN SELECT `f`('x')",
    "EXPLAIN SYNTAX SELECT `f`('x')",
    "EXPLAIN QUERY TREE SELECT `f`('x')",
    "EXPLAIN PIPELINE SELECT * FROM (SELECT `f`('x'))",
)
_BARE = (
    "SELECT arrayMap(`f`, ['x'])",
    "SELECT arrayMap((`f`), ['x'])",
    "SELECT length(arrayMap(`f`, ['x']))",
    "SELECT arrayMap(x -> arrayMap(`f`, [x]), ['x'])",
    "SELECT arrayMap(`f` AS g, ['x'])",
    "SELECT arrayMap(`f`, groupArray(number)) FROM numbers(1)",
    "WITH arrayMap(`f`, ['x']) AS g SELECT g",
    "WITH t AS (SELECT arrayMap(`f`, ['x'])) SELECT * FROM t",
    # That something else has the name makes no difference.
    "SELECT 1 AS `f`, arrayMap(`f`, ['x'])",
    "SELECT arrayMap(`f`, ['x']), (SELECT 1 AS `f`)",
    "SELECT arrayMap(`f`, ['x']) FROM (SELECT 1 AS `f`)",
    "WITH `f` AS (SELECT 1) SELECT arrayMap(`f`, ['x']) FROM `f`",
    "SELECT arrayMap(`f` -> arrayMap(`f`, ['x']), [1])",
    "SELECT latency_percentile(`f`, 0.5)",
    "SELECT arrayMap({f:Identifier}, ['x'])",
    "SELECT 1 WHERE 1 IN (SELECT arrayMap(`f`, ['x']))",
    "SELECT 1 UNION ALL SELECT arrayMap(`f`, ['x'])",
    "SELECT number FROM numbers(1) ORDER BY arrayMap(`f`, ['x'])",
    "SELECT * FROM numbers(1) AS a JOIN numbers(1) AS b ON arrayMap(`f`, ['x']) = []",
    "EXPLAIN SELECT arrayMap(`f`, ['x'])",
    "EXPLAIN SYNTAX SELECT arrayMap(`f`, ['x'])",
    "EXPLAIN QUERY TREE SELECT arrayMap(`f`, ['x'])",
)
# ClickHouse takes an alias for no function; the guard refuses them all the same, but for names that columns have.
_RENAMED = ("WITH `f` AS g SELECT arrayMap(g, ['x'])", "SELECT `f` AS g, arrayMap(g, ['x'])")
_SOURCES = (
    "SELECT * FROM `f`",
    "SELECT * FROM `f` AS requests",
    "SELECT * FROM `f`('x')",
    "SELECT * FROM `f`(x = 1)",
    "SELECT * FROM requests AS r, `f` AS x",
    "SELECT * FROM requests AS r JOIN `f` AS x ON 1",
    "SELECT * FROM requests AS r ASOF JOIN `f`('x') AS x ON 1",
    "SELECT 1 WHERE 'x' IN `f`",
    "SELECT 1 WHERE 'x' NOT IN (`f`)",
    "SELECT 1 WHERE globalIn('x', `f`)",
    "WITH t AS (SELECT * FROM `f`) SELECT * FROM t",
    "WITH `f` AS (SELECT * FROM `f`) SELECT * FROM `f`",
    "SELECT * FROM (WITH `f` AS (SELECT 1) SELECT 1) AS a, `f`",
    "SELECT (SELECT any(x) FROM `f`)",
    "SELECT EXISTS(SELECT 1 FROM `f`)",
    "SELECT * FROM {f:Identifier}",
    "EXPLAIN SELECT * FROM `f`",
    "EXPLAIN QUERY TREE SELECT * FROM `f`('x')",
    "SELECT 1 UNION ALL SELECT * FROM `f`",
)
# A file's name, as ClickHouse takes one for a table's.
_PATHS = ("/etc/passwd", "../../etc/passwd", "/proc/self/environ", "gatelens.yaml", "data", "a.csv", "x/*.parquet")


@pytest.fixture(scope="module")
def people(store: Store) -> Reader:
    return reader(store)


@pytest.mark.parametrize("template", [*_CALLS, *_BARE, *_SOURCES])
def test_no_function_gets_through(people: Reader, template: str) -> None:
    names = _REFUSED
    if template in _SOURCES:
        # The parser wants a query in a view.
        names = [name for name in _TABLE_FUNCTIONS if "`f`(" not in template or not name.startswith("view")]
    assert passed(people, [template.replace("`f`", f"`{name}`").replace("{f:", f"{{{name}:") for name in names]) == []


@pytest.mark.parametrize("template", _RENAMED)
def test_no_function_is_renamed(people: Reader, template: str) -> None:
    names = [name for name in _REFUSED if name not in people.guard.names.columns]
    assert len(names) > 200
    assert passed(people, [template.replace("`f`", f"`{name}`") for name in names]) == []


def test_no_function_is_handed_on(people: Reader, store: Store) -> None:
    takers = sorted(catalogue(store).higher_order_functions)
    assert len(takers) > 30
    for taker in takers:
        assert passed(people, [f"SELECT {taker}(`{name}`, ['x'], ['x'])" for name in _REFUSED]) == []
        assert passed(people, [f"SELECT {taker}(['x'], `{name}`)" for name in _REFUSED]) == []


def test_no_spelling_helps(people: Reader) -> None:
    statements = [
        f"SELECT {call}"
        for name in _REFUSED
        for spelled in (name.lower(), name.upper())
        for call in (f"`{spelled}`('x')", f"arrayMap(`{spelled}`, ['x'])", f'"{spelled}"(1)')
    ]
    assert passed(people, statements) == []


@pytest.mark.parametrize("template", _SOURCES)
def test_no_file_is_a_table(people: Reader, template: str) -> None:
    statements = [template.replace("`f`", f"`{path}`") for path in _PATHS if "{f:" not in template]
    assert passed(people, statements) == []


def test_what_is_allowed_is_not_refused_by_these(people: Reader) -> None:
    """The templates are refused for the name in them, and not for their form."""
    fine = [template.replace("`f`", "upper") for template in (*_CALLS, *_BARE) if "{f:" not in template]
    left = set(fine) - set(passed(people, fine))
    assert [statement for statement in left if "APPLY" not in statement and "g('x')" not in statement] == []
    sources = [template.replace("`f`", "requests") for template in _SOURCES if "`f`(" not in template]
    assert len(passed(people, sources)) == len(sources) - 1


def test_only_functions_that_are_known_for_it_take_functions(store: Store, people: Reader) -> None:
    """A bare name means a function to no others, so that columns may have such names there."""
    takers = people.guard.names.take_functions
    found = store.rows("SELECT name FROM system.functions WHERE match(name, '^(array|map|tuple)') AND NOT is_aggregate")
    others = [name for (name,) in found if name.lower() not in takers and people.guard.names.may_be_called(name)]
    assert len(others) > 80
    for name in others:
        with pytest.raises(QueryFailed, match="identifier `upper`"):
            store.rows(f"DESCRIBE (SELECT `{name}`(upper, ['x']))")


def test_the_guard_learns_of_functions_from_the_engine(store: Store) -> None:
    known = catalogue(store)
    guard = Guard(known)
    assert guard.names.is_function("file")
    assert guard.names.is_function("sumIf")
    assert not guard.names.is_function("no_such_function")
