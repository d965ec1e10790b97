"""A statement's syntax tree: every part must be known to be harmless, every name be ours or the statement's own."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storage.errors import QueryRefused

Node = Mapping[str, Any]

ONLY_READS = "Only SELECT, WITH, EXPLAIN of these, SHOW TABLES, SHOW COLUMNS and DESCRIBE of our tables may be run."

_SYSTEM_TABLES = frozenset(f"system.{name}" for name in ("parts", "columns", "tables", "functions", "one", "numbers"))
# They reveal where data is on disk.
_TABLES_WITH_PATHS = frozenset({"system.parts", "system.tables"})
_PATH_COLUMNS = frozenset({"path", "data_paths", "metadata_path"})
_TABLE_FUNCTIONS = frozenset({"numbers", "zeros", "values", "generateseries", "generate_series"})
_EXPLAINS = frozenset({"EXPLAIN", "EXPLAIN SYNTAX", "EXPLAIN PIPELINE", "EXPLAIN QUERY TREE"})
_NODES = frozenset(
    {
        "ArrayJoin", "Asterisk", "ColumnsExceptTransformer", "ColumnsListMatcher", "ColumnsRegexpMatcher",
        "ColumnsReplaceTransformer", "ColumnsReplaceTransformerReplacement", "ColumnsTransformerList",
        "ExpressionList", "Function", "Identifier", "InterpolateElement", "Literal", "OrderByElement",
        "QualifiedAsterisk", "QualifiedColumnsListMatcher", "SampleRatio", "SelectIntersectExceptQuery",
        "SelectQuery", "SelectWithUnionQuery", "Subquery", "TableExpression", "TableIdentifier", "TableJoin",
        "TablesInSelectQuery", "TablesInSelectQueryElement", "WindowDefinition", "WindowListElement",
        "WithElement",
    }
)  # fmt: skip
_MATCHERS = frozenset({"Asterisk", "QualifiedAsterisk", "ColumnsRegexpMatcher"})
# Whatever else a whole query may have says where its result goes, or changes settings.
_OF_A_QUERY = frozenset(
    {
        "type", "kind", "query", "union_mode", "list_of_modes", "list_of_selects",
        "is_outfile_append", "is_outfile_truncate", "is_into_outfile_with_stdout",
    }
)  # fmt: skip
# What goes before an expression where a column is declared.
_EXPRESSIONS_OF_COLUMNS = re.compile("DEFAULT|MATERIALIZED|ALIAS|EPHEMERAL|CODEC|STATISTICS|TTL", re.I)
# The only functions whose arguments may be tables.
_IN = re.compile(r"(global)?(not)?(null)?in(ignoreset)?", re.I)


@dataclass(frozen=True)
class Names:
    """Which names there are, and what may be called."""

    tables: frozenset[str]
    columns: frozenset[str]
    take_functions: frozenset[str]
    may_be_called: Callable[[str], bool]
    is_function: Callable[[str], bool]


@dataclass(frozen=True)
class _Scope:
    """What the statement itself has named where a part of it stands."""

    subqueries: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()


@dataclass
class Tree:
    """Judges one statement's tree, as parseQueryToJSON gives it."""

    names: Names
    _shows_paths: bool = field(default=False, init=False)
    _asks_for_paths: bool = field(default=False, init=False)
    _aliases: frozenset[str] = field(default=frozenset(), init=False)

    def check(self, root: Node) -> None:
        """Raises QueryRefused with the reason."""
        if root["type"] == "ExplainQuery" and root["kind"] in _EXPLAINS:
            _check_output(root)
            root = root["query"]
        if root["type"] != "SelectWithUnionQuery":
            raise QueryRefused(ONLY_READS)
        self._aliases = frozenset(_aliases(root, within_selects=True))
        self._visit(root, _Scope())
        if self._shows_paths and self._asks_for_paths:
            raise QueryRefused(
                "Paths may not be read from system.parts and system.tables; name the columns that you need, "
                "and write count() without *."
            )

    def _visit(self, node: Node, scope: _Scope) -> None:
        kind = node["type"]
        if kind == "Set" or "settings" in node:
            raise QueryRefused("SETTINGS may not be used; the limits of queries are set by Gatelens.")
        if kind not in _NODES:
            raise QueryRefused(f"{kind} may not be used in a query; write it without.")
        if kind == "SelectQuery":
            self._select(node, scope)
        elif kind == "SelectWithUnionQuery":
            self._union(node, scope)
        elif kind == "Function":
            self._function(node, scope)
        elif kind == "TableExpression":
            self._source(node, scope)
        else:
            if kind == "Identifier":
                self._identifier(node)
            elif kind in _MATCHERS:
                self._asks_for_paths = True
            self._visit_all(node, scope)

    def _visit_all(self, node: Node, scope: _Scope, *, but: str = "") -> None:
        for part in _parts(node, but=but):
            self._visit(part, scope)

    def _union(self, node: Node, scope: _Scope) -> None:
        _check_output(node)
        # What the first SELECT names WITH, the others may use.
        for part in _parts(node):
            if part["type"] != "ExpressionList":
                self._visit(part, scope)
                continue
            first, *others = _parts(part)
            self._visit(first, scope)
            with_it = replace(scope, subqueries=scope.subqueries | frozenset(_named(first)))
            for select in others:
                self._visit(select, with_it)

    def _select(self, node: Node, scope: _Scope) -> None:
        scope = replace(scope, aliases=scope.aliases | frozenset(_aliases(node, within_selects=False)))
        for element in _parts(node.get("with", {})):
            if element["type"] != "WithElement":
                self._visit(element, scope)
                continue
            with_it = replace(scope, subqueries=scope.subqueries | {element["name"]})
            # Within its own definition a name is still that of a table, or of a file.
            self._visit_all(element, with_it if node.get("recursive_with") else scope)
            scope = with_it
        self._visit_all(node, scope, but="with")

    def _function(self, node: Node, scope: _Scope) -> None:
        name = node["name"]
        if not self.names.may_be_called(name):
            raise QueryRefused(f"The function {name} may not be used in a query; docs/sql.md tells which may.")
        arguments = list(_parts(node.get("arguments", {})))
        if name.lower() in self.names.take_functions:
            for argument in arguments:
                self._handed_on(argument)
        if _IN.fullmatch(name):
            for argument in arguments[1:]:
                self._set(argument, scope)
        if name.lower() == "lambda" and arguments:
            parameters = {part["name"] for part in _parts(arguments[0].get("arguments", {})) if "name" in part}
            scope = replace(scope, aliases=scope.aliases | parameters)
        self._visit_all(node, scope)

    def _handed_on(self, argument: Node) -> None:
        # ClickHouse takes the bare name of a function for a lambda, whatever else has that name.
        name = argument.get("name", "")
        if argument["type"] == "Identifier" and not self.names.may_be_called(name) and self.names.is_function(name):
            raise QueryRefused(f"The function {name} may not be used in a query; docs/sql.md tells which may.")

    def _set(self, argument: Node, scope: _Scope) -> None:
        """What stands after IN: the name of a table there is an identifier like a column's."""
        if argument["type"] == "Identifier" and _dotted(argument) not in scope.aliases:
            self._table(argument, scope)

    def _source(self, node: Node, scope: _Scope) -> None:
        if "database_and_table_name" in node:
            self._table(node["database_and_table_name"], scope)
        if "table_function" in node:
            function = node["table_function"]
            if function["name"].lower() not in _TABLE_FUNCTIONS:
                raise QueryRefused(f"The table function {function['name']} may not be used; read from our tables.")
            if function["name"].lower() == "values":
                _check_values(function)
            self._visit_all(function, scope)
        self._visit_all(node, scope, but="table_function")

    def _table(self, node: Node, scope: _Scope) -> None:
        name = _dotted(node)
        if "name_parts" in node:
            if name not in _SYSTEM_TABLES:
                raise QueryRefused(f"The table {name} may not be read; SHOW TABLES tells which may.")
            self._shows_paths |= name in _TABLES_WITH_PATHS
        elif name not in self.names.tables and name not in scope.subqueries:
            raise QueryRefused(f"There is no table {name}; SHOW TABLES tells which may be read.")

    def _identifier(self, node: Node) -> None:
        name = _dotted(node)
        self._asks_for_paths |= name.rpartition(".")[2] in _PATH_COLUMNS
        if name in self._aliases or name in self.names.columns or self.names.may_be_called(name):
            return
        if self.names.is_function(name):
            raise QueryRefused(f"The function {name} may not be used in a query; docs/sql.md tells which may.")


def _check_values(function: Node) -> None:
    """A text in front of the rows declares columns: an expression in it would stand in no tree."""
    first = next(_parts(function.get("arguments", {})), None)
    if first is None or first.get("name") == "tuple":
        return
    # By the name of an alias, a text may come from elsewhere.
    if first["type"] != "Literal" or _EXPRESSIONS_OF_COLUMNS.search(str(first["value"])):
        raise QueryRefused(
            "values() takes rows in brackets, as in (1, 'a'), and before them at most names and types of columns."
        )


def _check_output(query: Node) -> None:
    if not _OF_A_QUERY.issuperset(query):
        raise QueryRefused("INTO OUTFILE, FORMAT and SETTINGS may not be used; choose the format outside the query.")


def _parts(node: Node, *, but: str = "") -> Iterator[Node]:
    """The nodes right below one; what a literal holds is none."""
    if node.get("type") != "Literal":
        for key, value in node.items():
            if key != but:
                yield from _nodes(value)


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, list):
        for part in value:
            yield from _nodes(part)
    elif isinstance(value, dict):
        if "type" in value:
            yield value
        else:
            # None is known; should there be one, what is in it is not passed over.
            yield from _nodes(list(value.values()))


def _aliases(node: Node, *, within_selects: bool) -> Iterator[str]:
    """Names of expressions; within selects also those of sources, which nothing inside of such a source may use."""
    for part in _parts(node):
        if "alias" in part and (within_selects or node["type"] != "TableExpression"):
            yield part["alias"]
        if within_selects or part["type"] != "SelectQuery":
            yield from _aliases(part, within_selects=within_selects)


def _named(select: Node) -> Iterator[str]:
    for element in _parts(select.get("with", {})):
        if element["type"] == "WithElement":
            yield element["name"]


def _dotted(node: Node) -> str:
    return ".".join(node["name_parts"]) if "name_parts" in node else str(node["name"])
