"""The cards of a page's panels, before there is anything in them."""

from collections.abc import Collection, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.icon import icon
from dashboards.panel import Panel, no_questions


def body_id(panel: Panel) -> str:
    """The id of the element that holds the panel's content."""
    return f"{panel.id}-body"


def fault_id(panel: Panel) -> str:
    """The id of the message that the panel's content could not be made."""
    return f"{panel.id}-fault"


def panel_grid(panels: Sequence[Panel], copyable: Collection[str] = ()) -> Component:
    """All of a page in twelve columns; `copyable` are the ids of those that can be copied to a dashboard."""
    return html.Div([panel_card(panel, is_copyable=panel.id in copyable) for panel in panels], className="panels")


def panel_card(panel: Panel, *, is_copyable: bool = False) -> Component:
    """One, with a skeleton of its final height."""
    height: dict[str, Any] = {"style": {"minHeight": panel.height}} if panel.height else {}
    content = [
        html.Div(id=fault_id(panel)),
        html.Div(_skeleton(panel), id=body_id(panel), className="panel-body", **height),
    ]
    named: dict[str, Any] = {"data-panel": panel.id, **({"data-measure": panel.measure} if panel.measure else {})}
    if panel.bare:
        return html.Div(content, className=f"panel-bare span-{panel.span}", **named)
    named["aria-labelledby"] = f"{panel.id}-title"
    kind = "panel is-chart" if panel.is_chart else "panel"
    return html.Section(
        [_head(panel, is_copyable=is_copyable), *content], className=f"{kind} span-{panel.span}", **named
    )


def help_mark(text: str) -> Component:
    """A question mark that says what a figure means."""
    mark = html.Button(icon("help-circle", 15), type="button", className="help", **attributes({"aria-label": text}))
    return dmc.Tooltip(mark, label=text, multiline=True, w=280, events={"hover": True, "focus": True, "touch": True})


def _head(panel: Panel, *, is_copyable: bool) -> Component:
    attributes: dict[str, Any] = {"data-panel-menu": panel.id, "aria-label": f"Menu of {panel.title}"}
    if panel.questions is not no_questions:
        attributes["data-asks"] = "yes"
    if is_copyable:
        attributes["data-copies"] = "yes"
    menu = html.Button(icon("dots", 16), type="button", className="quiet", **attributes)
    return html.Header(
        [
            html.H2(panel.title, id=f"{panel.id}-title"),
            help_mark(panel.help) if panel.help else None,
            html.Div(id=f"{panel.id}-legend", className="legend"),
            menu,
        ]
    )


def _skeleton(panel: Panel) -> Component | None:
    return html.Div(className="skeleton", style={"height": panel.height}) if panel.height else None
