"""What is around every page: header, navigation, context bar, and the places that are filled for an address."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.access.gate import SIGN_OUT
from dashboards.components.attributes import attributes
from dashboards.components.icon import icon
from dashboards.design import MANTINE_THEME
from dashboards.site.progress import PROGRESS

# The regions that the server fills, in the order in which they are.
NAVIGATION, CONTEXT, PAGE_FAULT, CONTENT = "navigation", "context", "page-fault", "content"


def shell(*, has_session: bool) -> Component:
    """The frame, the same for everybody; it asks nothing."""
    return dmc.MantineProvider(
        html.Div(
            [
                html.A("Skip to the content", href="#content", className="skip"),
                _header(has_session=has_session),
                html.Nav(id=NAVIGATION, **attributes({"aria-label": "Pages"})),
                html.Div(id="navigation-shade"),
                html.Main(
                    [
                        html.Div(id=CONTEXT),
                        html.Div(id=PROGRESS),
                        html.Div(id=PAGE_FAULT),
                        html.Div(_first_skeleton(), id=CONTENT, tabIndex=-1),
                    ]
                ),
                *_dialogs(),
            ],
            className="shell",
        ),
        defaultColorScheme="auto",
        theme=MANTINE_THEME,
    )


def _header(*, has_session: bool) -> Component:
    unfold = _button(
        "menu-2", "Menu", id="unfold-menu", className="icon-button unfold", **attributes({"aria-expanded": "false"})
    )
    brand = html.A(
        [html.Img(src="/assets/logo.svg", height=24, alt=""), html.Span("Gatelens")],
        href="/",
        className="brand",
        **attributes({"aria-label": "Gatelens"}),
    )
    search = html.Button(
        [icon("search", 16), html.Span("Search"), html.Kbd("Ctrl K")],
        id="open-search",
        type="button",
        className="search-button",
        title="Pages, APIs, consumers, gateways",
    )
    live = html.Div([html.I(className="dot"), html.Span(id="live-text")], className="live", role="status")
    scheme = dmc.ColorSchemeToggle(
        lightIcon=icon("sun", 17),
        darkIcon=icon("moon", 17),
        variant="default",
        size=32,
        id="color-scheme",
        **attributes({"aria-label": "Light or dark"}),
    )
    return html.Header(
        [
            html.Div([unfold, brand], className="header-side"),
            search,
            html.Div(
                [
                    live,
                    html.Button(id="zone", type="button", className="zone", title="Time zone"),
                    _button("keyboard", "Keyboard shortcuts", id="open-keys", className="icon-button wide-only"),
                    scheme,
                    *([_sign_out()] if has_session else []),
                ],
                className="header-side",
            ),
        ],
        className="header",
    )


def _sign_out() -> Component:
    button = html.Button(
        icon("logout", 17),
        type="submit",
        className="icon-button",
        **attributes({"aria-label": "Sign out", "title": "Sign out"}),
    )
    return html.Form(button, action=SIGN_OUT, method="POST")


def _button(drawn: str, name: str, **more: Any) -> Component:
    return html.Button(icon(drawn, 17), type="button", **attributes({"aria-label": name, "title": name, **more}))


def _dialogs() -> list[Component]:
    """Opened and filled by assets/keyboard.js; Dash knows no <dialog>, so that they are drawn as such there."""
    return [html.Div(id="dialogs")]


def _first_skeleton() -> Component:
    return html.Div(
        [html.Div(className="skeleton", style={"height": height}) for height in (48, 96, 280, 280)],
        className="first-skeleton",
    )
