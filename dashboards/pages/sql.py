"""Questions in SQL, read-only, with the guard and the limits of `gatelens query`."""

import base64
import json
import time
from typing import Any
from urllib.parse import urlencode

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboards import formats
from dashboards.grid import OPTIONS
from dashboards.icon import icon
from dashboards.page import Page
from dashboards.panel import SEARCH, URL, fault
from dashboards.query_queue import QueryQueue
from dashboards.view import parse_search, parse_view
from storage.errors import GatelensError
from storage.sql import load
from storage.store import Store

PATH = "/sql"

_EXAMPLES = (
    ("The slowest requests of the last hour", "slowest"),
    ("Usage by consumer and day", "consumers"),
    ("Percentiles by API from the roll-up", "percentiles"),
    ("What could not be read", "dead_letters"),
)
_ROWS_SHOWN = 2000


def page(store: Store, queries: QueryQueue) -> Page:
    """The SQL page."""
    return Page(
        path=PATH,
        name="SQL",
        icon="terminal-2",
        order=40,
        has_range=False,
        layout=lambda: _layout(store),
        register=lambda app: _register(app, queries),
    )


def _layout(store: Store) -> Component:
    editor = dmc.Stack(
        [
            dmc.Textarea(
                id="sql-text",
                value=_example("slowest"),
                autosize=True,
                minRows=8,
                maxRows=24,
                className="statement",
                **{"aria-label": "SQL"},
            ),
            dmc.Group(
                [
                    dmc.Button("Run", id="sql-run", leftSection=icon("player-play", 16)),
                    dmc.Button("CSV", id="sql-csv", variant="default", leftSection=icon("download", 16)),
                    dmc.Text(
                        "Ctrl+Enter runs it. One SELECT, WITH, EXPLAIN, SHOW or DESCRIBE.",
                        size="xs",
                        c="dimmed",
                    ),
                    dmc.Text(id="sql-summary", size="sm", ml="auto"),
                ],
                gap="sm",
            ),
            html.Div(id="sql-fault"),
            dcc.Loading(html.Div(id="sql-result"), type="dot", delay_show=300),
            dcc.Download(id="sql-download"),
        ],
        gap="sm",
    )
    return dmc.Grid(
        [
            dmc.GridCol(dmc.Paper(editor, withBorder=True, p="md"), span={"base": 12, "lg": 9}),
            dmc.GridCol(_reference(store), span={"base": 12, "lg": 3}),
        ]
    )


def _reference(store: Store) -> Component:
    """Examples to begin with, and the columns of each table."""
    examples = [
        dmc.NavLink(label=title, href=f"{PATH}?{urlencode({'sql': _example(name)})}", refresh=False)
        for title, name in _EXAMPLES
    ]
    try:
        columns = store.frame(load("dashboards.pages", "sql_columns"))
    except GatelensError as error:
        return fault(error)
    tables = [
        dmc.AccordionItem([dmc.AccordionControl(str(name)), dmc.AccordionPanel(_columns(listed))], value=str(name))
        for name, listed in columns.groupby("table", sort=False)
    ]
    return dmc.Paper(
        [
            dmc.Title("Examples", order=5, mb="xs"),
            *examples,
            dmc.Title("Tables", order=5, mt="md", mb="xs"),
            dmc.Accordion(tables, variant="default", chevronPosition="left", className="tables"),
        ],
        withBorder=True,
        p="md",
    )


def _columns(listed: pd.DataFrame) -> Component:
    return html.Div(
        [
            dmc.Group(
                [dmc.Text(row["name"], size="xs", fw=500), dmc.Text(row["type"], size="xs", c="dimmed")],
                gap="xs",
            )
            for _, row in listed.iterrows()
        ]
    )


def _register(app: Dash, queries: QueryQueue) -> None:
    @app.callback(Output("sql-text", "value"), Input(SEARCH, "data"))
    def take_over(search: str | None) -> object:
        return parse_search(search).get("sql", no_update)

    @app.callback(
        Output("sql-result", "children"),
        Output("sql-summary", "children"),
        Output("sql-fault", "children"),
        Output(URL, "search", allow_duplicate=True),
        Input("sql-run", "n_clicks"),
        State("sql-text", "value"),
        State(URL, "search"),
        prevent_initial_call=True,
        running=[(Output("sql-run", "loading"), True, False)],
    )
    async def run(clicks: int | None, text: str, search: str | None) -> tuple[object, object, object, object]:
        if not clicks:
            return no_update, no_update, no_update, no_update
        started = time.monotonic()
        try:
            answer = json.loads(await queries.run(str(text or ""), "json"))
        except GatelensError as error:
            return None, None, fault(error), no_update
        took = formats.milliseconds((time.monotonic() - started) * 1000)
        kept = parse_view(search).query()
        query = f"{kept}{'&' if kept else '?'}{urlencode({'sql': text})}"
        found = "1 row" if answer["rows"] == 1 else f"{formats.count(answer['rows'])} rows"
        return _result(answer), f"{found} in {took}", None, query

    @app.callback(
        Output("sql-download", "data"),
        Output("sql-fault", "children", allow_duplicate=True),
        Input("sql-csv", "n_clicks"),
        State("sql-text", "value"),
        prevent_initial_call=True,
    )
    async def download(clicks: int | None, text: str) -> tuple[object, object]:
        if not clicks:
            return no_update, no_update
        try:
            return _file(await queries.run(str(text or ""), "csv"), "gatelens-query.csv"), None
        except GatelensError as error:
            return no_update, fault(error)


def _file(content: bytes, name: str) -> dict[str, object]:
    """What dcc.Download takes."""
    return {"content": base64.b64encode(content).decode(), "filename": name, "base64": True}


def _result(answer: dict[str, Any]) -> Component:
    """The rows as they came, under numbered fields, as a column's name may be any text."""
    names = [column["name"] for column in answer["meta"]]
    columns = [{"field": f"c{number}", "headerName": name, "minWidth": 110} for number, name in enumerate(names)]
    rows = [
        {f"c{number}": _shown(row[name]) for number, name in enumerate(names)} for row in answer["data"][:_ROWS_SHOWN]
    ]
    table = dag.AgGrid(
        id="sql-rows",
        columnDefs=columns,
        rowData=rows,
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "filter": True},
        dashGridOptions={**OPTIONS, "domLayout": "normal", "paginationPageSize": 100},
        style={"height": 480},
    )
    if answer["rows"] > _ROWS_SHOWN:
        return html.Div([dmc.Text(f"The first {_ROWS_SHOWN:,} rows; CSV has them all.", size="xs", c="dimmed"), table])
    return table


def _shown(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _example(name: str) -> str:
    return load("dashboards.pages.examples", name).strip()
