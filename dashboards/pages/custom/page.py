"""Dashboards that people put together, each on a page of its own; and the views that they saved."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from dash import html

from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, table
from dashboards.page import Group, Page, Tab
from dashboards.pages.custom.drawings import defined_panel
from dashboards.pages.custom.forms import PATH, copy_panel, dashboard_actions, edit_panel, new_panel
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.site.saved_views import delete_form
from dashboards.site.shared_links import revoke_form
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.custom_dashboards.dashboard_store import DashboardStore
from processors.custom_dashboards.definition import Dashboard, parse_dashboard
from processors.query.answer import Answer
from processors.saved_views.saved_view_store import SavedViewStore
from storage.access.shared_links import SharedLink, SharedLinks
from storage.errors import GatelensError

# Definitions as they were read last.
_REMEMBERED = 64


def page(parts: PageParts) -> Page:
    """The list of dashboards and saved views; under a name, the dashboard and its editor."""
    store, views = DashboardStore(parts.store), SavedViewStore(parts.store)
    read = lru_cache(maxsize=_REMEMBERED)(parse_dashboard)
    listed = (_dashboards(store, read), _saved_views(views), _shared_links(parts.shared_links), new_panel())

    def panels(view: View) -> Sequence[Panel]:
        name = view.item(PATH)
        if not name:
            return (copy_panel(store), *listed) if view.parameter("copy") else listed
        try:
            stored = store.get(name)
            return (edit_panel(stored),) if view.tab == "edit" else _of(read(stored.definition))
        except GatelensError as error:
            return (_failed(error),)

    return Page(
        PATH,
        "Dashboards",
        "layout-grid",
        Group.OBSERVE,
        panels=panels,
        tabs=lambda view: (Tab("", "Panels"), Tab("edit", "Edit")) if view.item(PATH) else (),
        has_items=True,
        actions=dashboard_actions(store, parts.clock),
        is_shareable=lambda view: bool(view.item(PATH)) and not view.tab,
    )


def _of(dashboard: Dashboard) -> Sequence[Panel]:
    def description_text(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return html.P(dashboard.description, className="hint-text") if dashboard.description else None

    def nothing(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return empty("No panels yet: add some under Edit, or choose Copy to dashboard in any panel's menu")

    above = Panel("description", "Description", description_text, bare=True)
    if not dashboard.panels:
        return (above, Panel("no-panels", "Panels", nothing, bare=True))
    return (above, *(defined_panel(number, one) for number, one in enumerate(dashboard.panels, start=1)))


def _failed(error: GatelensError) -> Panel:
    def draw(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        raise error

    return Panel("fault", "This dashboard", draw)


def _dashboards(store: DashboardStore, read: Callable[[str], Dashboard]) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = []
        for one in store.load():
            try:
                found = read(one.definition)
                description, count = found.description, len(found.panels)
            except GatelensError as error:
                description, count = str(error), 0
            rows.append(
                {
                    "key": one.name,
                    "name": one.name,
                    "description": description,
                    "panels": count,
                    "author": one.updated_by,
                    "changed": context.times.minute(one.updated_at),
                }
            )
        return table(
            context,
            "dashboards",
            _COLUMNS,
            rows,
            href=lambda row: context.view.to(PATH, str(row["name"])).href(),
            empty="No dashboards yet",
        )

    return Panel("dashboards", "Dashboards", draw, span=7, height=120)


def _saved_views(views: SavedViewStore) -> Panel:
    def draw(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = views.load()
        if not found:
            return empty("No saved views yet; save one from any page's Share menu")
        return html.Ul(
            [
                html.Li(
                    [
                        html.A(view.name, href=f"{view.path}{view.query}", className="link"),
                        html.Small(f"{view.path} · {view.author}"),
                        delete_form(view.name),
                    ],
                    key=view.name,
                )
                for view in found
            ],
            className="kept-list",
        )

    return Panel("saved-views", "Saved views", draw, span=5, help="Ctrl+K finds them by name", height=80)


def _shared_links(links: SharedLinks) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = links.in_force(context.now.timestamp())
        if not found:
            return empty("No view-only links. Where sign-in is required, the Share menu of a traffic page creates one")
        return html.Ul(
            [
                html.Li(
                    [
                        html.A(link.title, href=link.address, className="link"),
                        html.Small(f"until {_until(context, link)} · {link.address} · {link.created_by}"),
                        revoke_form(link),
                    ],
                    key=link.id,
                )
                for link in found
            ],
            className="kept-list",
        )

    return Panel(
        "shared-links", "View-only links", draw, height=60, help="Anyone with the link sees its page without an account"
    )


def _until(context: PageContext, link: SharedLink) -> str:
    return context.times.minute(datetime.fromtimestamp(link.expires_at, UTC))


def _name(row: Row) -> Cell:
    return {"text": str(row["name"]), "strong": True}


_COLUMNS = (
    Column("name", "Name", cell=_name),
    Column("description", "Description", rank=2),
    Column("panels", "Panels", "count", rank=1),
    Column("author", "By", rank=3),
    Column("changed", "Changed", rank=3),
)
