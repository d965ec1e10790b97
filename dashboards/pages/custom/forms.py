"""Making, editing, deleting dashboards, and putting a copied panel onto one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.hidden_field import hidden_field
from dashboards.components.icon import icon
from dashboards.page import Done, TakeAction
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.custom_dashboards.additions import with_panel
from processors.custom_dashboards.dashboard_store import DashboardStore, StoredDashboard
from processors.errors import InvalidDashboard
from processors.query.answer import Answer

PATH = "/dashboards"

_MAKE, _EDIT, _DELETE, _COPY = "make-dashboard", "edit-dashboard", "delete-dashboard", "copy-panel"
_TEMPLATE = """description: What on-call looks at first
panels:
- title: Errors
  draw: figure    # figure, time_chart, table or bars
  width: 3    # of 12 columns
  measures: [error_rate]
- title: Slowest APIs
  draw: time_chart
  width: 9
  measures: [p95]
  by: [api]
  limit: 5
- title: Failing routes
  draw: table
  width: 12
  measures: [requests, errors, error_rate]
  by: [api, route]
  filters: ["status=500..599"]
  order: -errors
"""

Entered = Mapping[str, list[str]]


def new_panel() -> Panel:
    """A name and a text, which may be read from a file."""

    def draw(_context: PageContext, _answers: Sequence[Answer]) -> Component:
        return _form(
            _MAKE,
            _name_field(),
            *_text_fields(_TEMPLATE),
            dmc.Button("Create", size="sm", attributes={"root": {"type": "submit"}}),
        )

    return Panel("new-dashboard", "New dashboard, or import", draw, help="docs/pages.md explains each key")


def edit_panel(stored: StoredDashboard) -> Panel:
    """The text of a dashboard, with ways to export and to delete it."""

    def draw(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        export = html.A(
            [icon("download", 16), "Export YAML"],
            href=f"/api/v1/dashboards/{quote(stored.name, safe='')}",
            download=f"{stored.name}.yaml",
            className="quiet",
        )
        return [
            _form(
                _EDIT,
                hidden_field("name", stored.name),
                hidden_field("seen", stored.updated_at.isoformat()),
                *_text_fields(stored.definition),
                html.Div(
                    [dmc.Button("Save", size="sm", attributes={"root": {"type": "submit"}}), export],
                    className="row-form",
                ),
            ),
            _form(
                _DELETE,
                hidden_field("name", stored.name),
                html.Button([icon("trash", 16), "Delete this dashboard"], type="submit", className="quiet"),
            ),
        ]

    return Panel("edit-dashboard", "Definition", draw, help="docs/pages.md explains each key")


def copy_panel(store: DashboardStore) -> Panel:
    """Where a panel of another page is to go."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        names = [one.name for one in store.load()]
        return _form(
            _COPY,
            html.Pre(context.view.parameter("copy"), className="definition"),
            html.Label(
                [
                    "Dashboard",
                    html.Select(
                        [html.Option("(new)", value=""), *(html.Option(one, value=one) for one in names)],
                        name="to",
                    ),
                ]
            ),
            _name_field("Name of the new dashboard"),
            dmc.Button("Copy to dashboard", size="sm", attributes={"root": {"type": "submit"}}),
        )

    return Panel("copy-panel", "Copy a panel to a dashboard", draw)


def dashboard_actions(store: DashboardStore, clock: Callable[[], datetime]) -> Mapping[str, TakeAction]:
    """What the forms do."""

    def make(view: View, entered: Entered, writer: str) -> Done:
        name = _first(entered, "name")
        _ensure_new(store, name)
        stored = store.put(name, _text(entered), writer, clock())
        return Done(view.to(PATH, stored.name), f"The dashboard “{stored.name}” is created.")

    def edit(view: View, entered: Entered, writer: str) -> Done:
        stored = store.get(_first(entered, "name"))
        if stored.updated_at.isoformat() != _first(entered, "seen"):
            raise InvalidDashboard(
                f"{stored.updated_by} has changed this dashboard meanwhile. Copy your text, reload the page, and "
                "put your changes in again."
            )
        store.put(stored.name, _text(entered), writer, clock())
        return Done(view.but(tab=""), f"The dashboard “{stored.name}” is saved.")

    def delete(view: View, entered: Entered, writer: str) -> Done:
        name = _first(entered, "name")
        deleted = store.delete(name, writer, clock())

        def undo(writer: str) -> None:
            _ensure_new(store, deleted.name)
            store.put(deleted.name, deleted.definition, writer, clock())

        return Done(view.to(PATH), f"The dashboard “{name}” is deleted.", undo=undo)

    def copy(view: View, entered: Entered, writer: str) -> Done:
        panel = view.parameter("copy") + "\n"
        to, name = _first(entered, "to"), _first(entered, "name")
        if to:
            definition = with_panel(store.get(to).definition, panel)
        else:
            _ensure_new(store, name)
            definition = f"panels:\n{panel}"
        stored = store.put(to or name, definition, writer, clock())
        return Done(view.setting(copy="").to(PATH, stored.name), f"The panel was copied to “{stored.name}”.")

    return {_MAKE: make, _EDIT: edit, _DELETE: delete, _COPY: copy}


def _ensure_new(store: DashboardStore, name: str) -> None:
    if store.find(name) is not None:
        raise InvalidDashboard(f"There is a dashboard {name!r} already; choose another name, or edit that one.")


def _form(name: str, *content: Component) -> Component:
    fault = html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"}))
    return html.Form(
        [*content[:-1], fault, content[-1]], className="filter-form wide-form", **attributes({"data-form": name})
    )


def _name_field(label: str = "Name") -> Component:
    return html.Label([label, dmc.TextInput(name="name", placeholder="Payments on call", size="sm")])


def _text_fields(text: str) -> Sequence[Component]:
    return (
        html.Label(
            [
                "Definition in YAML",
                dmc.Textarea(
                    name="definition", value=text, autosize=True, minRows=12, maxRows=40, className="definition-text"
                ),
            ]
        ),
        html.Button(
            [icon("file-text", 16), "Read from a file"],
            type="button",
            className="quiet",
            **attributes({"data-reads": "definition"}),
        ),
    )


def _text(entered: Entered) -> str:
    return _first(entered, "definition") + "\n"


def _first(entered: Entered, field: str) -> str:
    return next(iter(entered.get(field, [])), "")
