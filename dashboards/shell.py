"""What is around every page: name, menu, toolbar."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboards.access.gate import SIGN_OUT
from dashboards.icon import icon
from dashboards.page import Page
from dashboards.panel import TICK, URL
from dashboards.toolbar import refresh_button
from dashboards.view import View

MENU, TOOLBAR, CONTENT = "menu", "toolbar", "content"
FRAME, UNFOLD = "frame", "unfold-menu"

# Up to here a screen has no room for a menu at the side, https://mantine.dev/styles/responsive/
_NARROW = "sm"

_THEME = {
    "primaryColor": "indigo",
    "fontFamily": "Inter, system-ui, sans-serif",
    "defaultRadius": "md",
    "headings": {"fontWeight": "600"},
}


def shell(*, has_session: bool) -> Component:
    """The frame; callbacks fill the menu, the toolbar and the page."""
    brand = dcc.Link(
        dmc.Group([html.Img(src="/assets/logo.svg", height=26, alt=""), "Gatelens"], gap="xs"),
        href="/",
        className="brand",
    )
    unfold = dmc.Burger(id=UNFOLD, opened=False, size="sm", hiddenFrom=_NARROW, **{"aria-label": "Menu"})
    header = dmc.Group(
        [
            dmc.Group([unfold, brand], gap="xs"),
            dmc.Group([*([_sign_out()] if has_session else []), _color_scheme()], gap="xs"),
        ],
        justify="space-between",
        h="100%",
        px="md",
    )
    main = dmc.Stack(
        [
            dmc.Group([html.Div(id=TOOLBAR), refresh_button()], gap="xs", align="start", className="controls"),
            html.Div(id=CONTENT),
        ],
        gap="md",
        maw=1680,
        mx="auto",
    )
    return dmc.MantineProvider(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Interval(id=TICK, interval=10_000),
            dmc.AppShell(
                [
                    dmc.AppShellHeader(header),
                    dmc.AppShellNavbar(html.Nav(id=MENU), p="sm"),
                    dmc.AppShellMain(main),
                ],
                id=FRAME,
                header={"height": 56},
                navbar=menu_place(unfolded=False),
                padding="md",
            ),
        ],
        defaultColorScheme="auto",
        theme=_THEME,
    )


def _color_scheme() -> Component:
    return dmc.ColorSchemeToggle(
        lightIcon=icon("sun"),
        darkIcon=icon("moon"),
        variant="default",
        size=36,
        id="color-scheme",
        **{"aria-label": "Light or dark"},
    )


def _sign_out() -> Component:
    button = dmc.Button("Sign out", variant="default", size="sm", attributes={"root": {"type": "submit"}})
    return html.Form(button, action=SIGN_OUT, method="POST")


def menu_place(*, unfolded: bool) -> dict[str, Any]:
    """Where the menu is: at the side, or on a narrow screen over the page while it is unfolded."""
    return {"width": 190, "breakpoint": _NARROW, "collapsed": {"mobile": not unfolded}}


def menu(pages: Sequence[Page], path: str, view: View) -> list[Component]:
    """The pages, each with the time range and the filters of now."""
    kept = view.but(api="", api_version="").query()
    return [
        dmc.NavLink(
            label=page.name,
            leftSection=icon(page.icon),
            href=f"{page.path}{kept}",
            refresh=False,
            active=page.path == path,
            mb=4,
        )
        for page in pages
    ]
