"""Short messages: what is wrong, and what to do."""

from collections.abc import Sequence
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from dashboards.components.icon import icon
from storage.errors import GatelensError
from storage.faults import with_cure

Tone = Literal["good", "info", "warning", "bad", "neutral"]
_ICONS = {
    "good": "circle-check",
    "info": "info-circle",
    "warning": "alert-triangle",
    "bad": "alert-circle",
    "neutral": "info-circle",
}


def notice(tone: Tone, title: str, *content: Any, identity: str = "") -> Component:
    """A message in the colour and with the glyph of its tone."""
    named: dict[str, Any] = {"id": identity} if identity else {}
    return html.Div(
        [
            icon(_ICONS[tone]),
            html.Div([html.Strong(title), *(one for one in content if one is not None)]),
        ],
        className=f"notice tone-{tone}",
        role="alert" if tone == "bad" else "status",
        **named,
    )


def fault(error: GatelensError) -> Component:
    """What went wrong, as a panel shows it."""
    return notice("bad", "This cannot be shown", html.P(str(with_cure(error))))


def empty(text: str | Sequence[str | Component] = "No requests in this range") -> Component:
    """Where there is nothing to draw."""
    return html.Div(text, className="empty")
