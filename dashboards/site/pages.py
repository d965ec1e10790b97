"""Answers what the browser asks for an address: the frame, and what the panels of its page show."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.components.panel_card import panel_grid
from dashboards.notices.empty import nothing_sent
from dashboards.page import Page
from dashboards.site.context_bar import context_bar, not_found_bar
from dashboards.site.copies import copyable
from dashboards.site.encoding import Drawn, changed, drawn
from dashboards.site.navigation import FIRING, firing_badge, navigation
from dashboards.site.panels import PanelAnswers
from dashboards.site.progress import PROGRESS, progress_lines
from dashboards.site.shared_view import link_for, not_shared, shared_bar
from dashboards.site.shell import CONTENT, CONTEXT, NAVIGATION, PAGE_FAULT
from dashboards.site.viewers import Viewers
from dashboards.state.context import PageContext
from dashboards.state.marks import FindMarks, no_marks
from dashboards.state.view import RANGE_FAULTS, View
from dashboards.under_way import Work
from processors.query.questions import Questions
from processors.saved_views.saved_view import SavedView
from storage.access.shared_links import SharedLink
from storage.faults import with_cure

PRODUCT = "Gatelens"
_OFTEN_MS = 10_000


@dataclass(frozen=True)
class Site:
    """The pages in the order of the navigation, and what their panels ask."""

    pages: Sequence[Page]
    questions: Questions
    clock: Callable[[], datetime]
    count_firing: Callable[[], int]
    find_marks: FindMarks = no_marks
    # Whether a view may be shared by a view-only link.
    can_share: Callable[[View], bool] = lambda _view: False
    # Those that people saved, for the search.
    saved_views: Callable[[], Sequence[SavedView]] = tuple
    # Long work behind the pages.
    works: Callable[[], Sequence[Work]] = tuple
    # Whether any request was ever stored.
    has_traffic: Callable[[], bool] = lambda: True
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "panels"), init=False)

    def page_at(self, path: str) -> Page | None:
        return next((page for page in self.pages if page.shows(path)), None)

    def context(self, view: View) -> PageContext:
        page = self.page_at(view.path)
        return PageContext(view, self.clock(), page.implied(view) if page else (), self.find_marks)

    def panel_answers(self) -> PanelAnswers:
        return PanelAnswers(self.questions, self._threads)

    def frame(self, view: View, known: Mapping[str, str]) -> dict[str, Any]:
        """What is there before any figure: title, navigation, context bar, and the page's empty panels."""
        page = self.page_at(view.path)
        regions: dict[str, Any] = {NAVIGATION: navigation(self.pages, view), PROGRESS: self._above()}
        if page is None:
            regions |= {CONTEXT: not_found_bar(), CONTENT: _not_found(view)}
            return {"title": f"Not found · {PRODUCT}", "regions": changed(_drawn(regions), known)}
        context = self.context(view)
        regions |= {
            CONTEXT: context_bar(page, context, can_share=self.can_share(view)),
            CONTENT: _content(page, context),
        }
        return {
            "title": f"{page.title(view)} · {PRODUCT}",
            "zone": view.tzinfo.key,
            "implied": [one.text() for one in context.implied],
            "regions": changed(_drawn(regions), known),
        }

    def shared_frame(self, view: View, known: Mapping[str, str], links: Sequence[SharedLink]) -> dict[str, Any]:
        """The same for somebody who sees nothing but what links show."""
        page, link = self.page_at(view.path), link_for(links, view, self.clock())
        regions: dict[str, Any] = {NAVIGATION: None}
        if page is None or link is None:
            regions |= {CONTEXT: html.Div(html.H1("Not shared"), className="context-row"), CONTENT: not_shared(links)}
            return {"title": f"Not shared · {PRODUCT}", "shared": True, "regions": changed(_drawn(regions), known)}
        context = self.context(view)
        regions |= {CONTEXT: shared_bar(page, context, link), CONTENT: panel_grid(page.panels(view))}
        return {
            "title": f"{page.title(view)} · {PRODUCT}",
            "zone": view.tzinfo.key,
            "shared": True,
            "regions": changed(_drawn(regions), known),
        }

    def shared_data(
        self, view: View, known: Mapping[str, str], links: Sequence[SharedLink], *, is_timed: bool = False
    ) -> dict[str, Any]:
        """What the panels show, without what is around them."""
        if link_for(links, view, self.clock()) is None:
            return {"refresh_ms": 0, "regions": {}}
        return self._data(view, known, {}, is_timed=is_timed)

    def data(self, view: View, known: Mapping[str, str], *, is_timed: bool = False) -> dict[str, Any]:
        """The panels' content where it differs from the digests that the browser knows.

        `is_timed` where the clock asks and not the reader, who is to see at once what they have changed.
        """
        return self._data(view, known, self._signs(), is_timed=is_timed)

    def _data(
        self, view: View, known: Mapping[str, str], around: Mapping[str, Any], *, is_timed: bool
    ) -> dict[str, Any]:
        page = self.page_at(view.path)
        if page is None:
            return {"refresh_ms": 0, "regions": {}}
        context = self.context(view)
        # What was drawn for another reader lacks it too.
        may_be_drawn_before = is_timed and not page.awaits(context)
        regions = self._viewers.drawn(view, lambda: self._panels(page, view), is_timed=may_be_drawn_before)
        refresh_ms = view.refresh_seconds(self.clock()) * 1000
        if not page.has_range:
            refresh_ms = _OFTEN_MS if page.refreshes else 0
        elif page.awaits(context) or not self.has_traffic():
            # Somebody waits for it, or for the first request.
            refresh_ms = min(refresh_ms, _OFTEN_MS)
        return {"refresh_ms": refresh_ms, "regions": changed({**_drawn(around), **regions}, known)}

    def _panels(self, page: Page, view: View) -> dict[str, Drawn]:
        context = self.context(view)
        regions: dict[str, Any] = {PAGE_FAULT: _page_fault(page, context)}
        if regions[PAGE_FAULT] is None:
            regions |= self.panel_answers().regions(page.panels(view), context)
        return _drawn(regions)

    @cached_property
    def _viewers(self) -> Viewers:
        return Viewers(self.clock)

    def signs(self, known: Mapping[str, str]) -> dict[str, Any]:
        """What is around the panels and may change though these do not."""
        return {"regions": changed(_drawn(self._signs()), known)}

    def _signs(self) -> dict[str, Any]:
        return {FIRING: firing_badge(self.count_firing()), PROGRESS: self._above()}

    def _above(self) -> Component | None:
        """What stands above each page: work that is under way, or why all of them are empty."""
        return progress_lines(self.works()) or (None if self.has_traffic() else nothing_sent())


def _drawn(regions: Mapping[str, Any]) -> dict[str, Drawn]:
    return {name: drawn(content) for name, content in regions.items()}


def _content(page: Page, context: PageContext) -> Component:
    if page.body is not None:
        return html.Div(page.body(context.view), className="page-body")
    panels = page.panels(context.view)
    return panel_grid(panels, copyable(panels, context))


def _page_fault(page: Page, context: PageContext) -> Component | None:
    """The fault of a page none of whose panels could be answered: shown once, not in each."""
    if not page.has_range:
        return None
    if context.view.fault:
        cure = html.P(html.A("Go on without it", href=context.view.href()))
        return notice("bad", "A filter in this address cannot be used", html.P(context.view.fault), cure)
    try:
        _ = context.window
    except RANGE_FAULTS as error:
        return notice("bad", "This time range cannot be shown", html.P(str(with_cure(error))))
    return None


def _not_found(view: View) -> Component:
    return html.Div(
        [
            html.P(["There is no page ", html.Code(view.path), "."]),
            html.P(html.A("Go to the overview", href="/", className="link")),
        ],
        className="not-found",
    )
