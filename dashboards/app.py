"""The web UI: the list of pages, and what joins them to the URL."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc
from dash.development.base_component import Component
from fastapi import FastAPI

from dashboards.page import Page
from dashboards.page_paths import PagePaths
from dashboards.pages import alerts, api, overview, sql
from dashboards.panel import SEARCH, TICK, URL
from dashboards.query_queue import QueryQueue
from dashboards.settings import WebSettings
from dashboards.shell import CONTENT, FRAME, MENU, TOOLBAR, UNFOLD, menu, menu_place, shell
from dashboards.toolbar import register_toolbar, toolbar
from dashboards.view import View, parse_view
from processors.alerts.engine import AlertEngine
from processors.traffic.choices import choices
from processors.traffic.filters import Filters
from storage.errors import GatelensError
from storage.store import Store

# dcc.Interval's words for a clock that does not tick.
_DAY_MILLISECONDS = 24 * 3600 * 1000
_FOREVER, _NOT_AT_ALL = -1, 0

_INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""


def create_app(
    server: FastAPI,
    store: Store,
    queries: QueryQueue,
    engine: AlertEngine,
    ledger_fault: Callable[[], str],
    clock: Callable[[], datetime],
    settings: WebSettings,
    is_sign_in_required: Callable[[], bool],
) -> Dash:
    """Put the pages on a web server; what the server routes already stays its own."""
    pages = [
        overview.page(store, ledger_fault, clock, settings),
        api.page(store, clock),
        alerts.page(engine, clock),
        sql.page(store, queries),
    ]
    app = Dash(
        "gatelens",
        # Its annotation knows Flask only.
        server=cast(Any, server),
        backend="fastapi",
        assets_folder=str(Path(__file__).with_name("assets")),
        title="Gatelens",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,
        index_string=_INDEX,
    )
    dmc.pre_render_color_scheme()
    app.layout = lambda: shell(has_session=is_sign_in_required())
    _register_navigation(app, pages, store, clock)
    register_toolbar(app)
    for page in pages:
        page.register(app)
    server.add_middleware(PagePaths, paths=[page.path for page in pages])
    return app


def _register_navigation(app: Dash, pages: Sequence[Page], store: Store, clock: Callable[[], datetime]) -> None:
    by_path = {page.path: page for page in pages}

    @app.callback(Output(CONTENT, "children"), Input(URL, "pathname"), State(URL, "search"))
    def show(path: str, search: str | None) -> list[Component]:
        page = by_path.get(str(path))
        return [dcc.Store(id=SEARCH, data=search), page.layout() if page else _not_found(path)]

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash has no types for it
        ClientsideFunction("gatelens", "searchOfSamePage"),
        Output(SEARCH, "data"),
        Input(URL, "search"),
        Input(URL, "pathname"),
        prevent_initial_call=True,
    )

    @app.callback(Output(MENU, "children"), Output(TOOLBAR, "children"), Input(URL, "pathname"), Input(URL, "search"))
    async def frame(path: str, search: str | None) -> tuple[list[Component], Component | None]:
        view = parse_view(search)
        page = by_path.get(str(path))
        if page is None or not page.has_range:
            return menu(pages, path, view), None
        environments, gateways = await asyncio.to_thread(_choices, store, view, clock())
        return menu(pages, path, view), toolbar(view, path, environments, gateways, clock())

    @app.callback(Output(UNFOLD, "opened"), Input(URL, "pathname"), prevent_initial_call=True)
    def fold(_path: str) -> bool:
        return False

    @app.callback(Output(FRAME, "navbar"), Input(UNFOLD, "opened"), prevent_initial_call=True)
    def unfold(opened: bool) -> dict[str, Any]:
        return menu_place(unfolded=opened)

    @app.callback(Output(TICK, "interval"), Output(TICK, "max_intervals"), Input(URL, "search"))
    def pace(search: str | None) -> tuple[int, int]:
        seconds = parse_view(search).refresh_seconds
        return (seconds * 1000, _FOREVER) if seconds else (_DAY_MILLISECONDS, _NOT_AT_ALL)


def _choices(store: Store, view: View, now: datetime) -> tuple[list[str], list[str]]:
    """Environments, and the gateways of the one that is chosen; none where the store does not answer."""
    try:
        found = choices(store, view.window(now), Filters())
    except GatelensError:
        # The page's own panels say why.
        return [], []
    gateways = found[found["environment"] == view.environment] if view.environment else found
    return sorted(set(found["environment"])), sorted(set(gateways["gateway"]))


def _not_found(path: str) -> Component:
    return dmc.Alert(f"There is no page {path}; choose one from the menu.", title="Not found", color="yellow")
