"""Questions in SQL, read-only, with the guard and the limits of `gatelens query`."""

from dash.development.base_component import Component

from dashboards import design
from dashboards.components.on_demand import on_demand
from dashboards.components.own import SqlWorkbench
from dashboards.page import Group, Page
from dashboards.pages.sql.routes import ROWS_SHOWN, sql_routes
from dashboards.parts import PageParts
from dashboards.query_queue import QueryQueue
from storage.errors import GatelensError
from storage.faults import with_cure
from storage.guard import callable_functions
from storage.sql import load
from storage.store import Store

PATH = "/sql"

_FILES = ("sql.css", "sql_editor.js", "sql_result.js", "sql_page.js")

_EXAMPLES = (
    ("The slowest requests of the last hour", "slowest"),
    ("Traffic and errors by hour", "by_hour"),
    ("Usage by consumer and day", "consumers"),
    ("Percentiles by API from the rollup", "percentiles"),
    ("Unparsed records", "dead_letters"),
)
# Columns whose values are offered, and the dimensions that know them.
_VALUES = {
    "environment": "environment",
    "gateway_kind": "gateway_kind",
    "gateway": "gateway",
    "instance": "instance",
    "api": "api",
    "api_version": "version",
    "route": "route",
    "method": "method",
    "consumer": "consumer",
    "fault": "fault",
    "policy": "policy",
}


def page(parts: PageParts) -> Page:
    """The SQL page: a workbench of the browser, and the route that it asks."""
    return Page(
        PATH,
        "SQL",
        "terminal-2",
        Group.INVESTIGATE,
        has_range=False,
        body=lambda _view: _workbench(parts.store, parts.queries),
        routes=sql_routes(parts.queries),
    )


def _workbench(store: Store, queries: QueryQueue) -> Component:
    """The same for every address, so that it is not redrawn while its own state changes the address."""
    try:
        tables, own_functions, fault = _tables(store), _own_functions(store), ""
    except GatelensError as error:
        tables, own_functions, fault = [], [], str(with_cure(error))
    return SqlWorkbench(
        id="sql",
        files=on_demand(*_FILES),
        tables=tables,
        functions=[*own_functions, *callable_functions()],
        values=_VALUES,
        examples=[{"title": title, "sql": _example(name)} for title, name in _EXAMPLES],
        rows=ROWS_SHOWN,
        patience=queries.longest_seconds,
        layout=design.plotly_layout(
            xaxis=design.plotly_axis(type="date", showgrid=False, ticks="outside", ticklen=4),
            yaxis=design.plotly_axis(),
        ),
        fault=fault,
    )


def _tables(store: Store) -> list[dict[str, object]]:
    columns = store.frame(load("dashboards.pages.sql", "columns"))
    return [
        {"name": str(name), "columns": listed[["name", "type"]].astype(str).to_numpy().tolist()}
        for name, listed in columns.groupby("table", sort=False)
    ]


def _own_functions(store: Store) -> list[str]:
    return [name for (name,) in store.rows(load("dashboards.pages.sql", "own_functions"))]


def _example(name: str) -> str:
    return load("dashboards.pages.sql.examples", name).strip()
