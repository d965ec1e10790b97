"""The navigation at the side: pages in groups, and what fires."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components.icon import icon
from dashboards.page import Group, Page
from dashboards.state.view import View

# Filled at each refresh with the number of alerts that fire.
FIRING = "firing-alerts"
ALERTS_PATH = "/alerts"


def navigation(pages: Sequence[Page], view: View) -> list[Component]:
    """Each page with the range, zone and filters of now."""
    return [
        html.Details(
            [html.Summary(group.value), *(_entry(page, view) for page in pages if page.group is group)],
            open=True,
            className="group",
        )
        for group in Group
        if any(page.group is group for page in pages)
    ]


def firing_badge(count: int) -> Component | None:
    """None while nothing fires."""
    return html.Span(str(count), className="badge", title=f"{count} firing") if count else None


def _entry(page: Page, view: View) -> Component:
    current: dict[str, Any] = {"aria-current": "page"} if page.shows(view.path) else {}
    return html.A(
        [
            icon(page.icon),
            html.Span(page.name),
            html.Span(id=FIRING) if page.path == ALERTS_PATH else None,
        ],
        href=view.to(page.path).href(),
        **current,
    )
