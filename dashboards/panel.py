"""Panels: a card with a title, whose content answers to the URL, to the refresh button and to each tick."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html, no_update
from dash.development.base_component import Component

from dashboards.icon import icon
from dashboards.view import InvalidRange, View, parse_view
from processors.moment import InvalidMoment
from storage.errors import GatelensError
from storage.faults import with_cure

# What every panel listens to; the shell holds these components.
URL = "url"
TICK = "tick"
REFRESH = "refresh-now"
# The URL's query as the page that is shown knows it. It is the page's own, so that panels of a page that is being left
# do not answer to the next one's address.
SEARCH = "search"

_GRAPH_OPTIONS: Any = {"displayModeBar": False, "responsive": True, "doubleClick": "reset"}
# Plotly draws axes from 0 to 6 where there is no figure.
_BLANK: Any = {
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
}


def panel(title: str, content: Any, hint: str = "") -> Component:
    """A card around a component with an id; `answering` tells in it what fails."""
    heading: list[Component] = [dmc.Title(title, order=5)]
    if hint:
        heading.append(dmc.Text(hint, size="xs", c="dimmed"))
    return dmc.Paper(
        [dmc.Group(heading, justify="space-between", mb="xs"), html.Div(id=f"{content.id}-fault"), content],
        withBorder=True,
        radius="md",
        p="md",
    )


def graph(identity: str, height: int = 240) -> Component:
    """An empty chart that a callback fills."""
    return dcc.Graph(id=identity, figure=_BLANK, config=_GRAPH_OPTIONS, style={"height": height})


def answering(
    app: Dash,
    identity: str,
    prop: str,
    clock: Callable[[], datetime],
    answer: Callable[[View, datetime], Any],
) -> None:
    """Fill `identity`.`prop` with the answer for the view; a failure is told in the panel, and the old answer stays."""

    @app.callback(
        Output(identity, prop),
        Output(f"{identity}-fault", "children"),
        Input(SEARCH, "data"),
        Input(TICK, "n_intervals"),
        Input(REFRESH, "n_clicks"),
    )
    async def update(search: str | None, _ticks: int | None, _clicks: int | None) -> tuple[Any, Any]:
        try:
            # In a thread: the panels of a page ask the store side by side, and the server stays free meanwhile.
            return await asyncio.to_thread(answer, parse_view(search), clock()), None
        except (InvalidMoment, InvalidRange) as error:
            # Every panel fails by it; the page's first one tells it.
            return no_update, html.Div(fault(error), className="fault-of-range")
        except GatelensError as error:
            return no_update, fault(error)


def fault(error: GatelensError) -> Component:
    """What went wrong, as a panel tells it."""
    return dmc.Alert(str(with_cure(error)), color="red", variant="light", mb="xs", icon=icon("alert-triangle"))
