"""Fields of forms whose values are kept in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.state.view import View


@dataclass(frozen=True)
class FormField:
    """One field; `name` is that of its parameter in the address."""

    name: str
    label: str
    default: str = ""
    # Values and labels to choose from; () for a text.
    choices: Sequence[tuple[str, str]] = ()
    # Whether it is a text of several lines.
    has_lines: bool = False
    hint: str = ""


def entered(fields: Sequence[FormField], view: View) -> dict[str, str]:
    """What the address says of each, or its default."""
    return {field.name: view.parameter(field.name) or field.default for field in fields}


def taken(fields: Sequence[FormField], values: Mapping[str, list[str]]) -> dict[str, str]:
    """What somebody entered into each; the default of what was left empty."""
    return {field.name: next(iter(values.get(field.name, [])), "") or field.default for field in fields}


def form(name: str, fields: Sequence[FormField], values: Mapping[str, str], submit: str) -> Component:
    """The form by the name in Page.forms, as it was filled in."""
    return html.Form(
        [
            *(_drawn(field, values[field.name]) for field in fields),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button(submit, size="sm", attributes={"root": {"type": "submit"}}),
        ],
        className="filter-form",
        **attributes({"data-form": name}),
    )


def _drawn(field: FormField, value: str) -> Component:
    hint = html.Span(field.hint, className="hint-text") if field.hint else None
    return html.Label([field.label, _input(field, value), hint])


def _input(field: FormField, value: str) -> Component:
    if field.choices:
        options = [html.Option(text, value=each, selected=each == value) for each, text in field.choices]
        return html.Select(options, name=field.name)
    if field.has_lines:
        return dmc.Textarea(name=field.name, value=value, size="sm", autosize=True, minRows=2, maxRows=8)
    return dmc.TextInput(name=field.name, value=value, size="sm")
