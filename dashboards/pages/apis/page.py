"""The page of all APIs, and of one."""

from collections.abc import Sequence

from dash.development.base_component import Component

from dashboards.notices.empty import never_called, nothing_here
from dashboards.page import Group, Page, Tab
from dashboards.pages.apis.about import about_panel
from dashboards.pages.apis.catalogue import catalogue_panel
from dashboards.pages.apis.tabs import TABS, tab_panels
from dashboards.pages.shared.api_facts import ApiFacts
from dashboards.pages.shared.api_rows import PATH, api_item, api_questions, api_table
from dashboards.pages.shared.facts_soon import FactsSoon
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.ingest.records import last_request
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.query.question import Question

_MOST_APIS = 500
_CATALOGUE = "catalogue"
_LIST_TABS = (Tab("", "By health"), Tab(_CATALOGUE, "Catalogue"))


def page(parts: PageParts) -> Page:
    """A list at /apis, and an API's tabs at /apis/<name>."""
    facts = ApiFacts(parts)
    of_tab = tab_panels(parts, facts)
    soon = FactsSoon(facts)
    listed, declared = (_list(soon),), (catalogue_panel(facts),)
    here, about = _notice(parts), about_panel(facts)

    def panels(view: View) -> Sequence[Panel]:
        if not view.item(PATH):
            return declared if view.tab == _CATALOGUE else listed
        return (here, about, *of_tab.get(view.tab, of_tab[""])(view))

    return Page(
        PATH,
        "APIs",
        "api",
        Group.OBSERVE,
        panels=panels,
        awaits=soon.is_awaited,
        tabs=_tabs,
        has_items=True,
        implied=_implied,
        is_shareable=lambda _view: True,
    )


def _tabs(view: View) -> Sequence[Tab]:
    return TABS if view.item(PATH) else _LIST_TABS


def _implied(view: View) -> tuple[Filter, ...]:
    return (api_item(view.item(PATH)),) if view.item(PATH) else ()


def _notice(parts: PageParts) -> Panel:
    """Says where the last requests are when there are none here."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests"),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Component | None:
        if answers[0].frame["requests"].any():
            return None
        item = context.view.item(PATH)
        newest = last_request(parts.store, "".join(api_item(item).values) if item else None)
        if newest is not None:
            return nothing_here(context, newest)
        return never_called(context, item) if item and last_request(parts.store) else None

    return Panel("notice", "Notice", draw, ask, bare=True)


def _list(facts: FactsSoon) -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        return api_questions(context, "apis", _MOST_APIS)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        return api_table(context, "apis", answers, facts(context), page=100)

    return Panel(
        "apis",
        "APIs by health",
        draw,
        ask,
        height=400,
        help="The worst first; click a heading to sort by another column. A row opens the API",
    )
