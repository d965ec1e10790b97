"""From when on there is something to show, where what is older has been deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.ingest.records import oldest_record
from processors.query.answer import Answer
from processors.time.window import Window

# By which a range may begin before the oldest record: nobody would look for one there.
_NEAR = timedelta(hours=1)
# By which part of its length, where it is compared with.
_LATE_SHARE = 0.1


def since_note(context: PageContext, since: datetime) -> Component:
    """Below what a panel shows."""
    return html.P(_kept(context, since), className="note kept-since")


def kept_requests(parts: PageParts) -> Panel:
    """Above what is read from single requests, and not from rollups, which are kept for longer."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        since = parts.questions.kept_since(context.window, (*context.view.filters, *context.implied))
        return None if since is None else notice("info", _kept(context, since), identity="kept-requests")

    return Panel("kept", "Kept requests", draw, bare=True)


def oldest_kept(parts: PageParts, table: str, what: str) -> Panel:
    """Above the records of a table, where the range begins before the oldest."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        oldest = oldest_record(parts.store, table)
        if oldest is None or oldest - context.window.start < _NEAR:
            return None
        return notice("info", f"The oldest {what} is of {context.times.full(oldest)}", identity="oldest-kept")

    return Panel("kept", "Kept records", draw, bare=True)


def partly_known(context: PageContext, compared: Window, oldest: datetime | None) -> str:
    """What to know of a comparison with a time that begins before the oldest request; '' where it does not."""
    if oldest is None or oldest - compared.start < max(_NEAR, compared.length * _LATE_SHARE):
        return ""
    known = "nothing is" if oldest >= compared.end else "only a part is"
    return f"The oldest request is of {context.times.full(oldest)}: of the time compared with, {known} known."


def _kept(context: PageContext, since: datetime) -> str:
    if since >= context.window.end:
        return "The requests of this range have been deleted"
    return f"Since {context.times.full(since)}: older requests have been deleted"
