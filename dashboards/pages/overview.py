"""All traffic at a glance."""

from collections.abc import Callable
from datetime import datetime

import dash_mantine_components as dmc
import pandas as pd
import plotly.graph_objects as go
from dash import Dash, html
from dash.development.base_component import Component

from dashboards import set_aside
from dashboards.cards import cards
from dashboards.charts import latency, traffic
from dashboards.empty import first_steps, nothing_here
from dashboards.grid import Rows, drawn, grid, number, rows, text
from dashboards.ledger_notice import ledger_notice
from dashboards.page import Page
from dashboards.panel import answering, graph, panel
from dashboards.settings import WebSettings
from dashboards.view import View
from processors.traffic.apis import MOST_ROWS, apis
from processors.traffic.choices import last_request
from processors.traffic.filters import NO_ROUTE
from processors.traffic.gateways import gateways
from processors.traffic.series import series, series_by_kind
from processors.traffic.set_aside import set_aside as dead_letters
from processors.traffic.totals import totals
from storage.store import Store

PATH = "/"

_BUSIEST = f"the {MOST_ROWS} busiest"

_API_COLUMNS = [
    drawn("name", "API", "PageLink", minWidth=120),
    drawn("sparkline", "Over time", "Sparkline", sortable=False, filter=False, minWidth=130),
    number("requests", "Requests", minWidth=96),
    number("rate", "Rate", "rate"),
    number("error_rate", "Errors", "share"),
    number("client_error_rate", "4xx", "share"),
    number("p50_ms", "p50", "ms"),
    number("p95_ms", "p95", "ms"),
    number("p99_ms", "p99", "ms"),
    number("apdex", "Apdex", "apdex"),
    drawn("gateway_kinds", "Gateways", "Tags", minWidth=100, flex=1),
    text("versions", "Versions", flex=1),
]
_GATEWAY_COLUMNS = [
    text("gateway", "Gateway", minWidth=140),
    drawn("gateway_kind", "Kind", "Tags", flex=1),
    text("environment", "Environment", flex=1),
    number("requests", "Requests", minWidth=104),
    number("rate", "Rate", "rate"),
    number("error_rate", "Errors", "share"),
    number("p95_ms", "p95", "ms"),
]


def page(store: Store, ledger_fault: Callable[[], str], clock: Callable[[], datetime], settings: WebSettings) -> Page:
    """The overview."""
    return Page(
        path=PATH,
        name="Overview",
        icon="layout-dashboard",
        order=10,
        has_range=True,
        layout=_layout,
        register=lambda app: _register(app, store, ledger_fault, clock, settings),
    )


def _layout() -> Component:
    return dmc.Stack(
        [
            html.Div(id="overview-notice"),
            html.Div(id="overview-notice-fault"),
            html.Div(id="overview-cards", className="cards"),
            html.Div(id="overview-cards-fault"),
            dmc.SimpleGrid(
                [
                    panel("Traffic by gateway kind", graph("overview-kinds")),
                    panel("Failed requests", graph("overview-failures")),
                    panel("Latency", graph("overview-latency")),
                ],
                cols={"base": 1, "lg": 3},
            ),
            panel("APIs", grid("overview-apis", _API_COLUMNS, empty="No APIs", row_id="name"), _BUSIEST),
            panel(
                "Gateways",
                grid("overview-gateways", _GATEWAY_COLUMNS, empty="No gateways"),
                _BUSIEST,
            ),
        ],
        gap="md",
    )


def _register(
    app: Dash,
    store: Store,
    ledger_fault: Callable[[], str],
    clock: Callable[[], datetime],
    settings: WebSettings,
) -> None:
    def notices(view: View, now: datetime) -> list[Component]:
        window = view.window(now)
        unread = set_aside.notice(dead_letters(store, window, view.filters))
        shown = [*ledger_notice(ledger_fault()), *([unread] if unread else [])]
        newest = last_request(store)
        if newest is None:
            return [*shown, first_steps(settings)]
        found, _ = totals(store, window, view.filters, now)
        return shown if found.requests else [*shown, nothing_here(view, PATH, newest)]

    def figures(view: View, now: datetime) -> Component:
        return cards(*totals(store, view.window(now), view.filters, now))

    def kinds(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return traffic.by_kind(series_by_kind(store, window, view.filters, now), window)

    def failures(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return traffic.failures(series(store, window, view.filters, now), window)

    def percentiles(view: View, now: datetime) -> go.Figure:
        window = view.window(now)
        return latency.percentiles(series(store, window, view.filters, now), window)

    def api_rows(view: View, now: datetime) -> Rows:
        return _api_rows(apis(store, view.window(now), view.filters, now), view)

    def gateway_rows(view: View, now: datetime) -> Rows:
        return rows(gateways(store, view.window(now), view.filters, now))

    for identity, prop, answer in (
        ("overview-notice", "children", notices),
        ("overview-cards", "children", figures),
        ("overview-kinds", "figure", kinds),
        ("overview-failures", "figure", failures),
        ("overview-latency", "figure", percentiles),
        ("overview-apis", "rowData", api_rows),
        ("overview-gateways", "rowData", gateway_rows),
    ):
        answering(app, identity, prop, clock, answer)


def _api_rows(found: pd.DataFrame, view: View) -> Rows:
    listed = rows(found)
    for row in listed:
        row["name"] = row["api"] or NO_ROUTE
        row["href"] = f"/apis{view.but(api=row['name']).query()}"
        row["versions"] = ", ".join(version for version in row["versions"] if version)
        row["gateway_kinds"] = list(row["gateway_kinds"])
    return listed
