"""What somebody sees who came by a view-only link: one page, its range and filters, and nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dash import html
from dash.development.base_component import Component

from dashboards.components.icon import icon
from dashboards.components.notice import notice
from dashboards.page import Page
from dashboards.site.filter_choice import filter_words
from dashboards.site.time_picker import shown_range
from dashboards.state.context import PageContext
from dashboards.state.view import RANGE_FAULTS, View, parse_view
from storage.access.shared_links import SharedLink

# The page's own parameters that say how something is shown, and not what.
_OF_TABLES = ("columns",)


def shows(link: SharedLink, view: View, now: datetime) -> bool:
    """Whether a link shows a view: its page, filters and comparison, and its range or a part of it."""
    shared = parse_view(link.path, link.query)
    return _what(view) == _what(shared) and not view.fault and _is_within(view, shared, now)


def link_for(links: Sequence[SharedLink], view: View, now: datetime) -> SharedLink | None:
    """The link that shows a view; None where none does."""
    return next((link for link in links if shows(link, view, now)), None)


def shared_bar(page: Page, context: PageContext, link: SharedLink) -> list[Component | None]:
    """Title, filters and range of the page, and until when it is shown."""
    view = context.view
    until = context.times.minute(datetime.fromtimestamp(link.expires_at, UTC))
    shared = parse_view(link.path, link.query)
    is_zoomed = (view.start, view.end) != (shared.start, shared.end)
    return [
        html.Div(
            [
                html.H1(page.item(view) or page.name),
                html.Div(
                    [
                        *(html.Span(html.Span(filter_words(one)), className="chip") for one in view.filters),
                        html.Span([icon("clock", 16), shown_range(context)], className="shared-fact"),
                        html.A("Whole range", href=link.address, className="link") if is_zoomed else None,
                        html.Span(
                            f"View-only until {until}",
                            className="shared-fact",
                            title=f"Shared by {link.created_by}. It shows only this page, read-only",
                        ),
                    ],
                    className="shared-facts",
                ),
            ],
            className="context-row",
        ),
        None,
    ]


def not_shared(links: Sequence[SharedLink]) -> Component:
    """In place of a page that no link of the reader shows."""
    listed = [html.Li(html.A(link.title, href=link.address, className="link")) for link in links]
    return notice(
        "warning",
        "Your view-only link does not show this",
        html.P("It shows one page with its range and filters. Sign in to see more, or go back to what is shared:"),
        html.Ul(listed),
    )


def _what(view: View) -> tuple[object, ...]:
    own = sorted((name, value) for name, value in view.more if name not in _OF_TABLES)
    return (view.path, view.tab, view.selected, view.compare, view.filters, own)


def _is_within(view: View, shared: View, now: datetime) -> bool:
    if (view.start, view.end) == (shared.start, shared.end):
        return True
    try:
        asked, whole = view.window(now), shared.window(now)
    except RANGE_FAULTS:
        return False
    return whole.start <= asked.start and asked.end <= whole.end
