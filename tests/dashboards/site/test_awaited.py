"""A page that still leaves something out is soon asked again, and drawn anew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from dash import html

from dashboards.page import Group, Page
from dashboards.panel import Panel
from dashboards.site.pages import Site
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.answer import Answer

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_what_takes_longer_is_shown_at_a_refresh_soon_after() -> None:
    found: list[str] = []
    shown: list[str] = []

    def draw(_context: PageContext, _answers: Sequence[Answer]) -> html.Div:
        shown[:] = found
        return html.Div(shown or "nothing yet")

    panel = Panel("facts", "Facts", draw)
    page = Page("/", "Overview", "api", Group.OBSERVE, lambda _view: (panel,), awaits=lambda _context: not shown)
    site = Site([page], cast(Any, None), lambda: _NOW, lambda: 0)
    view = View()
    first = site.data(view, {})
    assert "nothing yet" in _shown(first)
    usual_ms = view.refresh_seconds(_NOW) * 1000
    assert 0 < first["refresh_ms"] < usual_ms
    found.append("the facts")
    # What was drawn just now would do for a clock that asks, if nothing was awaited.
    again = site.data(view, {}, is_timed=True)
    assert "the facts" in _shown(again)
    assert again["refresh_ms"] == usual_ms


def _shown(part: dict[str, Any]) -> str:
    return bytes(part["regions"]["facts-body"]).decode()
