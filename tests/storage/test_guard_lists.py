"""Every function of the engine has been judged: an upgrade that brings more fails here, until somebody has looked."""

from importlib.resources import files

from storage.store import Store
from tests.storage.guard_judgement import listed

_COMBINATORS = frozenset(
    {
        "If", "Array", "Map", "State", "Merge", "SimpleState", "ForEach", "Distinct", "OrDefault", "OrNull", "Resample",
        "ArgMin", "ArgMax",
        # Refused, as what they do to the functions that are refused has not been looked at.
        "Null", "Tuple",
    }
)  # fmt: skip
# Forms of the language that the parser makes functions of.
_FORMS = frozenset({"count_distinct", "cube", "exists", "grouping", "lambda", "rollup"})
_TABLE_FUNCTIONS = frozenset({"numbers", "zeros", "values", "generateSeries", "generate_series"})


def _allowed(name: str) -> list[str]:
    return files("storage").joinpath(f"{name}.txt").read_text(encoding="utf-8").split()


def _refused() -> list[str]:
    return [*listed("refused_functions.txt"), *listed("too_heavy_functions.txt")]


def test_every_function_is_judged(store: Store) -> None:
    names = {name for (name,) in store.rows("SELECT name FROM system.functions WHERE origin != 'SQLUserDefined'")}
    judged = {*_allowed("guard_functions"), *_allowed("guard_aggregates"), *_refused()}
    assert len(names) > 1500
    assert names - judged == set()
    assert judged - names - _FORMS == set()


def test_no_function_is_both(store: Store) -> None:
    allowed = {name.lower() for name in (*_allowed("guard_functions"), *_allowed("guard_aggregates"))}
    assert [name for name in _refused() if name.lower() in allowed] == []


def test_aggregates_are_aggregates(store: Store) -> None:
    aggregates = {name for (name,) in store.rows("SELECT name FROM system.functions WHERE is_aggregate")}
    assert set(_allowed("guard_aggregates")) - aggregates == set()


def test_every_table_function_is_judged(store: Store) -> None:
    names = {name for (name,) in store.rows("SELECT name FROM system.table_functions")}
    assert names == {*listed("refused_table_functions.txt"), *_TABLE_FUNCTIONS}


def test_every_combinator_is_judged(store: Store) -> None:
    assert {name for (name,) in store.rows("SELECT name FROM system.aggregate_function_combinators")} == _COMBINATORS
