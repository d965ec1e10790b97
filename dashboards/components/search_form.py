"""The search bar of a list: a text, and choices next to it as links."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.icon import icon

# A label, where it leads, and whether it is chosen.
Choice = tuple[str, str, bool]


def search_form(form: str, text: str, placeholder: str, choices: Sequence[Choice] = ()) -> Component:
    """`form` is its name in Page.forms, which gets what was typed as 'text'."""
    typed = html.Label(
        [
            html.Span(placeholder, className="visually-hidden"),
            dmc.TextInput(name="text", value=text, placeholder=placeholder, size="sm"),
        ]
    )
    links = [
        html.A(label, href=href, className="choice-chip", **attributes({"aria-current": str(chosen).lower()}))
        for label, href, chosen in choices
    ]
    return html.Div(
        [
            html.Form(
                [
                    typed,
                    html.Button([icon("search", 16), "Search"], type="submit", className="quiet"),
                    html.Div(className="form-fault", role="alert", **attributes({"data-fault": ""})),
                ],
                className="search-form",
                **attributes({"data-form": form}),
            ),
            html.Div(links, className="choice-chips") if links else None,
        ],
        className="search-line",
    )
