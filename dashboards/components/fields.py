"""A record in full: its fields by group, as names and values."""

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

Groups = Mapping[str, Sequence[tuple[str, "str | Component"]]]


def fields(groups: Groups) -> Component:
    """Each group with its fields; what is '' is left out, and a group of nothing too. The only group needs no title."""
    shown = [(title, [(name, value) for name, value in pairs if value != ""]) for title, pairs in groups.items()]
    return html.Div([_group(title, pairs) for title, pairs in shown if pairs], className="field-groups")


def _group(title: str, pairs: Sequence[tuple[str, "str | Component"]]) -> Component:
    listed = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs]
    return html.Section([html.H3(title) if title else None, html.Dl(listed)], className="fields")
