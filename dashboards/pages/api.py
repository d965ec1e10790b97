"""One API: how much it is used, how fast it is, and what goes wrong."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import dash_mantine_components as dmc
import pandas as pd
import plotly.graph_objects as go
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboards.cards import cards
from dashboards.charts import latency, traffic
from dashboards.empty import nothing_here
from dashboards.grid import Rows, drawn, grid, number, rows, text
from dashboards.page import Page
from dashboards.panel import SEARCH, URL, answering, graph, panel
from dashboards.view import View, parse_view
from processors.traffic.breakdowns import consumers, faults, routes
from processors.traffic.choices import choices, last_request
from processors.traffic.filters import NO_ROUTE, UNVERSIONED, Filters
from processors.traffic.heatmap import heatmap
from processors.traffic.series import series
from processors.traffic.totals import totals
from storage.errors import GatelensError
from storage.store import Store

PATH = "/apis"

_API, _VERSION = "api-choice", "api-version"

_ROUTE_COLUMNS = [
    text("route", "Route", minWidth=180, flex=3),
    text("method", "Method", flex=1),
    number("requests", "Requests", minWidth=104),
    number("error_rate", "Errors", "share"),
    number("client_error_rate", "4xx", "share"),
    number("p50_ms", "p50", "ms"),
    number("p95_ms", "p95", "ms"),
    number("p99_ms", "p99", "ms"),
]
_CONSUMER_COLUMNS = [
    text("consumer", "Consumer", minWidth=110),
    number("requests", "Requests", minWidth=104),
    number("error_rate", "Errors", "share", minWidth=70),
    number("client_error_rate", "4xx", "share", minWidth=70),
    number("p95_ms", "p95", "ms"),
    number("response_bytes", "Sent", "size"),
]
_FAULT_COLUMNS = [
    drawn("fault", "Whose", "Tags", flex=1),
    number("status", "Status", "status", minWidth=76),
    text("response_flags", "Flags", flex=1, minWidth=76),
    text("policy", "Policy", flex=1),
    text("upstream", "Upstream", flex=1, minWidth=104),
    number("requests", "Requests", minWidth=104),
    text("last_seen", "Last seen, UTC", flex=2, minWidth=140),
]


def page(store: Store, clock: Callable[[], datetime]) -> Page:
    """The page of one API."""
    return Page(
        path=PATH,
        name="APIs",
        icon="api",
        order=20,
        has_range=True,
        layout=_layout,
        register=lambda app: _register(app, store, clock),
    )


def _layout() -> Component:
    return dmc.Stack(
        [
            dmc.Group(
                [
                    dmc.Select(
                        id=_API,
                        data=[],
                        placeholder="All APIs",
                        nothingFoundMessage="Not among the busiest",
                        searchable=True,
                        clearable=True,
                        w=260,
                        size="md",
                        **{"aria-label": "API"},
                    ),
                    dmc.Select(
                        id=_VERSION,
                        data=[],
                        placeholder="All versions",
                        clearable=True,
                        w=160,
                        size="md",
                        **{"aria-label": "Version"},
                    ),
                ]
            ),
            html.Div(id="api-notice"),
            html.Div(id="api-notice-fault"),
            html.Div(id="api-cards", className="cards"),
            html.Div(id="api-cards-fault"),
            dmc.SimpleGrid(
                [
                    panel("Requests by status", graph("api-status")),
                    panel("Latency", graph("api-latency")),
                    panel("Latency heatmap", graph("api-heatmap"), "stronger: more requests; the scale is logarithmic"),
                    panel("Whose time", graph("api-shares"), "mean of the requests whose upstream time is known"),
                ],
                cols={"base": 1, "lg": 2},
            ),
            panel("Top routes", grid("api-routes", _ROUTE_COLUMNS, empty="No requests")),
            dmc.Grid(
                [
                    dmc.GridCol(
                        panel("Consumers", grid("api-consumers", _CONSUMER_COLUMNS, empty="No requests")),
                        span={"base": 12, "xl": 5},
                    ),
                    dmc.GridCol(
                        panel("Faults", grid("api-faults", _FAULT_COLUMNS, empty="Nothing failed")),
                        span={"base": 12, "xl": 7},
                    ),
                ]
            ),
        ],
        gap="md",
    )


def _register(app: Dash, store: Store, clock: Callable[[], datetime]) -> None:
    _register_choice(app, store, clock)

    def notice(view: View, now: datetime) -> Component | None:
        found, _ = totals(store, view.window(now), view.filters, now)
        newest = last_request(store)
        return None if found.requests or newest is None else nothing_here(view, PATH, newest)

    def figures(view: View, now: datetime) -> Component:
        return cards(*totals(store, view.window(now), view.filters, now))

    def status(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return traffic.by_status(series(store, window, view.filters, now), window)

    def percentiles(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return latency.percentiles(series(store, window, view.filters, now), window)

    def spread(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return latency.heatmap(heatmap(store, window, view.filters, now), window)

    def shares(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return latency.shares(series(store, window, view.filters, now), window)

    def route_rows(view: View, now: datetime) -> Rows:
        return _named(routes(store, view.window(now), view.filters), "route", NO_ROUTE)

    def consumer_rows(view: View, now: datetime) -> Rows:
        return _named(consumers(store, view.window(now), view.filters), "consumer", "(not known)")

    def fault_rows(view: View, now: datetime) -> Rows:
        found = faults(store, view.window(now), view.filters)
        if not found.empty:
            found["last_seen"] = pd.to_datetime(found["last_seen"]).dt.strftime("%Y-%m-%d %H:%M:%S")
        return rows(found)

    for identity, prop, answer in (
        ("api-notice", "children", notice),
        ("api-cards", "children", figures),
        ("api-status", "figure", status),
        ("api-latency", "figure", percentiles),
        ("api-heatmap", "figure", spread),
        ("api-shares", "figure", shares),
        ("api-routes", "rowData", route_rows),
        ("api-consumers", "rowData", consumer_rows),
        ("api-faults", "rowData", fault_rows),
    ):
        answering(app, identity, prop, clock, answer)


def _register_choice(app: Dash, store: Store, clock: Callable[[], datetime]) -> None:
    """The choice of the API and its version: shows the URL's, and writes it."""

    @app.callback(
        Output(_API, "data"),
        Output(_API, "value"),
        Output(_VERSION, "data"),
        Output(_VERSION, "value"),
        Input(SEARCH, "data"),
    )
    async def offer(search: str | None) -> tuple[list[str], str | None, list[str], str | None]:
        view = parse_view(search)
        try:
            there = Filters(view.environment, view.gateway)
            found = await asyncio.to_thread(choices, store, view.window(clock()), there)
        except GatelensError:
            # The panels below say why.
            found = pd.DataFrame(columns=["api", "api_version"])
        names = sorted({*(api or NO_ROUTE for api in found["api"]), *([view.api] if view.api else [])})
        mine = found[found["api"] == ("" if view.api == NO_ROUTE else view.api)] if view.api else found
        versions = {version or UNVERSIONED for version in mine["api_version"]}
        known = sorted(versions | ({view.api_version} if view.api_version else set()))
        return names, view.api or None, known if known != [UNVERSIONED] else [], view.api_version or None

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Input(_API, "value"),
        Input(_VERSION, "value"),
        State(URL, "search"),
        State(URL, "pathname"),
        prevent_initial_call=True,
    )
    def choose(api: str | None, version: str | None, search: str | None, path: str) -> object:
        view = parse_view(search)
        changed = view.but(api=api or "", api_version=version or "")
        if changed.api != view.api:
            changed = changed.but(api_version="")
        return no_update if changed == view or path != PATH else changed.query()


def _named(found: pd.DataFrame, column: str, absent: str) -> Rows:
    if found.empty:
        return []
    return rows(found.assign(**{column: found[column].astype(str).replace("", absent)}))
