"""The row above a page: time range, filters, refresh. It shows the URL's state and changes nothing but the URL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component

from dashboards import formats
from dashboards.icon import icon
from dashboards.panel import REFRESH, URL
from dashboards.view import REFRESH_SECONDS, View, parse_view
from processors.moment import parse_moment
from storage.errors import GatelensError

_PRESETS = (
    ("Last 15 minutes", "now-15m", "now"),
    ("Last hour", "now-1h", "now"),
    ("Last 6 hours", "now-6h", "now"),
    ("Last 24 hours", "now-24h", "now"),
    ("Last 7 days", "now-7d", "now"),
    ("Last 30 days", "now-30d", "now"),
    ("Today", "now/d", "now"),
    ("Yesterday", "now-1d/d", "now/d"),
)

_FROM, _TO, _APPLY, _RANGE_FAULT = "range-from", "range-to", "range-apply", "range-fault"
_ENVIRONMENT, _GATEWAY, _EVERY = "filter-environment", "filter-gateway", "refresh-every"


def refresh_button() -> Component:
    """Ask again, now; it stands in the shell, because panels listen to it before there is a toolbar."""
    button = dmc.ActionIcon(icon("refresh"), id=REFRESH, variant="default", size=36, **{"aria-label": "Refresh now"})
    return dmc.Tooltip(button, label="Refresh now")


def toolbar(view: View, path: str, environments: Sequence[str], gateways: Sequence[str], now: datetime) -> Component:
    """The row for a view of a page."""
    return dmc.Group(
        [
            _select(_ENVIRONMENT, "All environments", view.environment, environments),
            _select(_GATEWAY, "All gateways", view.gateway, gateways),
            _range(view, path, now),
            dmc.Select(
                id=_EVERY,
                data=[{"value": name, "label": name} for name in REFRESH_SECONDS],
                value=view.refresh if view.refresh in REFRESH_SECONDS else "off",
                disabled=not view.follows_clock,
                allowDeselect=False,
                w=84,
                **{"aria-label": "Refresh every"},
            ),
        ],
        gap="sm",
    )


def shown_range(view: View, now: datetime) -> str:
    """The range in words: the preset's, or its two edges."""
    for label, start, end in _PRESETS:
        if (view.start, view.end) == (start, end):
            return label
    try:
        window = view.window(now)
    except GatelensError:
        return "Choose a time range"
    if view.end == "now":
        return f"Last {formats.span(now - parse_moment(view.start, now) + timedelta(seconds=1))}"
    edge = "%b %d %H:%M" if window.start.year == window.end.year == now.year else "%b %d %Y %H:%M"
    return f"{window.start:{edge}} to {window.end:{edge}} UTC"


def register_toolbar(app: Dash) -> None:
    """Make the controls write the URL."""

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Input(_ENVIRONMENT, "value"),
        Input(_GATEWAY, "value"),
        Input(_EVERY, "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def choose(environment: str | None, gateway: str | None, refresh: str, search: str | None) -> object:
        view = parse_view(search)
        changed = view.but(environment=environment or "", gateway=gateway or "", refresh=refresh)
        if ctx.triggered_id == _ENVIRONMENT and changed.environment != view.environment:
            # A gateway belongs to its environment.
            changed = changed.but(gateway="")
        return no_update if changed == view else changed.query()

    @app.callback(
        Output(URL, "search", allow_duplicate=True),
        Output(_RANGE_FAULT, "children"),
        Input(_APPLY, "n_clicks"),
        Input(_FROM, "n_submit"),
        Input(_TO, "n_submit"),
        State(_FROM, "value"),
        State(_TO, "value"),
        State(URL, "search"),
        prevent_initial_call=True,
    )
    def apply(
        clicks: int | None, entered: int | None, ended: int | None, start: str, end: str, search: str | None
    ) -> tuple[object, object]:
        if not (clicks or entered or ended):
            return no_update, no_update
        changed = parse_view(search).but(start=_text(start), end=_text(end))
        try:
            changed.window(datetime.now().astimezone())
        except GatelensError as error:
            return no_update, str(error)
        return changed.query(), None


def _text(value: object) -> str:
    """What a reader has written into a field; nothing where a browser has sent anything else."""
    return value.strip().encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _select(identity: str, placeholder: str, value: str, choices: Sequence[str]) -> Component:
    known = sorted({*choices, *([value] if value else [])})
    return dmc.Select(
        id=identity,
        data=[{"value": choice, "label": choice} for choice in known],
        value=value or None,
        placeholder=placeholder,
        nothingFoundMessage="Not among the busiest",
        searchable=True,
        clearable=True,
        w=190,
        **{"aria-label": placeholder},
    )


def _range(view: View, path: str, now: datetime) -> Component:
    presets = [
        dmc.NavLink(
            label=label,
            href=f"{path}{view.but(start=start, end=end).query()}",
            refresh=False,
            active=(view.start, view.end) == (start, end),
            className="preset",
        )
        for label, start, end in _PRESETS
    ]
    absolute = dmc.Stack(
        [
            dmc.Text("From and to", size="sm", fw=500),
            dmc.TextInput(id=_FROM, value=view.start, label="From"),
            dmc.TextInput(id=_TO, value=view.end, label="To"),
            dmc.Text(id=_RANGE_FAULT, size="xs", c="red", maw=240),
            dmc.Button("Apply", id=_APPLY, size="sm"),
            dmc.Text("now-6h, now-7d/d, 2026-11-23 or 2026-11-23T10:00; UTC", size="xs", c="dimmed", maw=240),
        ],
        gap="xs",
        w=250,
    )
    button = dmc.Button(
        shown_range(view, now),
        id="range",
        variant="default",
        leftSection=icon("clock", 16),
        rightSection=icon("chevron-down", 14),
    )
    return dmc.Popover(
        [
            dmc.PopoverTarget(button),
            dmc.PopoverDropdown(dmc.Group([absolute, dmc.Stack(presets, gap=2, w=170)], align="start", gap="lg")),
        ],
        position="bottom-end",
        shadow="md",
        withArrow=True,
    )
