"""The forms that make and delete objectives of people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.hidden_field import hidden_field
from dashboards.components.icon import icon
from dashboards.page import Done, TakeAction
from dashboards.panel import Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.errors import InvalidObjective
from processors.query.answer import Answer
from processors.slo.objective import Kind
from processors.slo.objective_store import parse_objective
from processors.slo.slos import SLOs

_MAKE, _DELETE = "make-objective", "delete-objective"

Entered = Mapping[str, list[str]]


def form_panel(slos: SLOs) -> Panel:
    """A form for a new objective, and a button for each that people made."""

    def draw(_context: PageContext, _answers: Sequence[Answer]) -> list[Component]:
        made = [_delete_form(one.name, slos.made_by(one.name)) for one in slos.objectives if slos.made_by(one.name)]
        return [_make_form(), *made]

    return Panel("slo-add", "Add an objective", draw, span=4, help="Also over HTTP: POST /api/v1/slos; docs/slos.md")


def objective_actions(slos: SLOs, clock: Callable[[], datetime]) -> Mapping[str, TakeAction]:
    """What the forms do."""

    def make(view: View, entered: Entered, writer: str) -> Done:
        objective = parse_objective(_definition(entered))
        slos.make(objective, writer, clock(), is_new=True)
        return Done(view, f"The objective “{objective.name}” is created.")

    def delete(view: View, entered: Entered, writer: str) -> Done:
        name = _first(entered, "name")
        slos.delete(name, writer, clock())
        return Done(view, f"The objective “{name}” is deleted.")

    return {_MAKE: make, _DELETE: delete}


def _definition(entered: Entered) -> dict[str, Any]:
    """With the keys of the configuration; what was left empty is left out. Raises InvalidObjective."""
    kept = {name: text for name in ("name", "kind", "threshold_ms", "period") if (text := _first(entered, name))}
    percent = _first(entered, "target").rstrip("% ")
    try:
        # Of a share, so that 99.9 does not become 0.9990000000000001.
        target = round(float(percent) / 100, 12)
    except ValueError:
        raise InvalidObjective(f"The target {percent[:40]!r} is not a number; write percent, such as 99.9.") from None
    filters = [line.strip() for line in _first(entered, "filters").splitlines() if line.strip()]
    return {**kept, "target": target, "filters": filters}


def _make_form() -> Component:
    kinds = [html.Option(kind.value, value=kind.value) for kind in Kind]
    return html.Form(
        [
            html.Label(["Name", dmc.TextInput(name="name", placeholder="orders availability", size="sm")]),
            html.Label(["Kind", html.Select(kinds, name="kind")]),
            html.Label(["Target in %", dmc.TextInput(name="target", placeholder="99.9", size="sm")]),
            html.Label(["Latency limit in ms", dmc.TextInput(name="threshold_ms", placeholder="300", size="sm")]),
            html.Label(["Period", dmc.TextInput(name="period", placeholder="30d", size="sm")]),
            html.Label(
                [
                    "Filters, one per line",
                    dmc.Textarea(name="filters", placeholder="api=orders; empty: all requests", minRows=2, size="sm"),
                ]
            ),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Add objective", size="sm", attributes={"root": {"type": "submit"}}),
        ],
        className="filter-form wide-form",
        **attributes({"data-form": _MAKE}),
    )


def _delete_form(name: str, author: str) -> Component:
    label = f"Delete the objective {name}"
    return html.Form(
        [
            hidden_field("name", name),
            html.Span(f"{name}, by {author}"),
            html.Button(
                icon("trash", 16),
                type="submit",
                className="quiet",
                **attributes({"aria-label": label, "title": label}),
            ),
        ],
        className="row-form",
        **attributes({"data-form": _DELETE}),
    )


def _first(entered: Entered, field: str) -> str:
    return next(iter(entered.get(field, [])), "").strip()
