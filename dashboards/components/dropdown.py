"""What a button of the context bar opens: the browser's own disclosure, which keyboards and screen readers know.

assets/dialogs.js closes it by Escape, by a click outside it, and once something in it was chosen.
"""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.icon import icon


def dropdown(
    label: str, content: Sequence[Component] | Component, *, identity: str = "", spoken: str = "", drawn: str = "",
    to_the_left: bool = False,
) -> Component:  # fmt: skip
    """`spoken` is what a screen reader says instead of the label, `drawn` an icon before it."""
    named: dict[str, Any] = {"id": identity} if identity else {}
    summary = html.Summary(
        [icon(drawn, 16) if drawn else None, html.Span(label), icon("chevron-down", 14)],
        className="control",
        **named,
        **attributes({"aria-label": spoken} if spoken else {}),
    )
    place = "dropdown-content to-the-left" if to_the_left else "dropdown-content"
    return html.Details([summary, html.Div(content, className=place)], className="dropdown")


def choice(label: str, href: str, *, is_on: bool) -> Component:
    """An entry that is a link; the one that is on is marked."""
    return html.A(label, href=href, className="choice", **attributes({"aria-current": "true"} if is_on else {}))
