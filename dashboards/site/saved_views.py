"""Saved views: the form that keeps where the reader is under a name, and the one that deletes it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.hidden_field import hidden_field
from dashboards.components.icon import icon
from dashboards.page import Done, TakeAction
from dashboards.state.view import View
from processors.saved_views.saved_view import SavedView
from processors.saved_views.saved_view_store import SavedViewStore

SAVE, DELETE = "save-view", "delete-view"


def save_form() -> Component:
    """A name, and the button that saves the page as its address says it."""
    return html.Form(
        [
            html.Label(
                [
                    "Save view as",
                    dmc.TextInput(name="name", placeholder="Orders, last 6 hours", size="sm"),
                ]
            ),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Save view", size="sm", attributes={"root": {"type": "submit"}}),
        ],
        className="filter-form",
        **attributes({"data-form": SAVE}),
    )


def delete_form(name: str) -> Component:
    """A button next to a saved view."""
    return html.Form(
        [
            hidden_field("name", name),
            html.Button(
                icon("trash", 16),
                type="submit",
                className="quiet",
                **attributes({"aria-label": f"Delete the view {name}", "title": "Delete this view"}),
            ),
        ],
        className="row-form",
        **attributes({"data-form": DELETE}),
    )


def saved_view_actions(store: SavedViewStore, clock: Callable[[], datetime]) -> Mapping[str, TakeAction]:
    """What the forms do."""

    def save(view: View, entered: Mapping[str, list[str]], writer: str) -> Done:
        name = next(iter(entered.get("name", [])), "")
        store.save(SavedView(name, view.path, view.query(), writer, clock()))
        return Done(view, f"The view “{name}” is saved; Ctrl+K finds it.")

    def delete(view: View, entered: Mapping[str, list[str]], writer: str) -> Done:
        name = next(iter(entered.get("name", [])), "")
        deleted = store.delete(name, writer, clock())

        def undo(writer: str) -> None:
            store.save(replace(deleted, author=writer, updated_at=clock()))

        return Done(view, f"The view “{name}” is deleted.", undo=undo)

    return {SAVE: save, DELETE: delete}
