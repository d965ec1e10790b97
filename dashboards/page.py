"""What a page is. The one list of pages is PAGES in dashboards/pages/pages.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dash.development.base_component import Component
from fastapi import APIRouter

from dashboards.panel import Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.filters import Filter


class Group(StrEnum):
    """The groups of the navigation, in their order."""

    OBSERVE = "Observe"
    INVESTIGATE = "Investigate"
    ACT = "Act"
    SYSTEM = "System"


# Takes what was entered into a form on a view; returns the view to go to. Raises GatelensError.
TakeForm = Callable[[View, Mapping[str, list[str]]], View]


@dataclass(frozen=True)
class Done:
    """What a form has changed: where to go now, and a sentence about it."""

    view: View
    message: str = ""
    # What there is to copy, such as a link, as a path of ours; shown this once, and the reader stays.
    made: str = ""
    # Takes the change back, in the name of somebody; None where it cannot be. Raises GatelensError.
    undo: Callable[[str], None] | None = None


# Changes something in the name of somebody, who is the last argument. Raises GatelensError.
TakeAction = Callable[[View, Mapping[str, list[str]], str], Done]


def no_panels(_view: View) -> Sequence[Panel]:
    return ()


@dataclass(frozen=True)
class Tab:
    """A part of a page with panels of its own."""

    # As the URL says it; '' for the one that is shown first.
    name: str
    label: str


@dataclass(frozen=True)
class Page:
    """One page of the web app.

    A page's module in dashboards/pages has one public function `page(...) -> Page` that takes what the page needs (an
    engine, a store) and closes over it; nothing is global. Its state is the URL: links change it, see View.href.
    """

    # E.g. '/alerts'.
    path: str
    # As the navigation and the title of the window say it, e.g. 'Alerts'.
    name: str
    # A file of dashboards/assets/icons, without '.svg'.
    icon: str
    group: Group
    # What is on it, from top to bottom, for the view's tab.
    panels: Callable[[View], Sequence[Panel]] = no_panels
    # Whether time range and filters concern it, so that the context bar is shown.
    has_range: bool = True
    # Whether its panels are asked again and again; not where an answer is too dear for that.
    refreshes: bool = True
    # Whether something that panels still leave out is being worked out: the page is soon asked again.
    awaits: Callable[[PageContext], bool] = lambda _context: False
    # Tabs of a view; () for none.
    tabs: Callable[[View], Sequence[Tab]] = lambda _view: ()
    # What the address names, as the heading says it; '' for the page as a whole.
    item_of: Callable[[View], str] | None = None
    # Whether it also is at '<path>/<name>', for one of what it lists.
    has_items: bool = False
    # What the path narrows every question of the page to.
    implied: Callable[[View], tuple[Filter, ...]] = lambda _view: ()
    # What stands in place of the grid of panels, made with a grid of them or without.
    body: Callable[[View], Component] | None = None
    # Forms of the page by the name in their `data-form`, see dashboards/site/forms.py.
    forms: Mapping[str, TakeForm] = field(default_factory=dict)
    # Those that change something, which only somebody who may write is let.
    actions: Mapping[str, TakeAction] = field(default_factory=dict)
    # Whether a view may be shown to somebody without an account: it shows traffic, and changes nothing.
    is_shareable: Callable[[View], bool] = lambda _view: False
    # What a component of `body` asks, below /page; None where panels and forms do it all.
    routes: APIRouter | None = None

    def shows(self, path: str) -> bool:
        """Whether a path is the page's."""
        return path == self.path or (self.has_items and path.startswith(f"{self.path}/") and self.path != "/")

    def title(self, view: View) -> str:
        """E.g. 'payments · APIs'."""
        item = self.item(view)
        return f"{item} · {self.name}" if item else self.name

    def item(self, view: View) -> str:
        """What the address names of what the page lists; '' for none."""
        if self.item_of is not None:
            return self.item_of(view)
        return view.item(self.path) if self.has_items else ""
