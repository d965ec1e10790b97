"""What a page is. The one list of pages is in dashboards/app.py."""

from collections.abc import Callable
from dataclasses import dataclass

from dash import Dash
from dash.development.base_component import Component


@dataclass(frozen=True)
class Page:
    """One page of the web UI.

    A page's module has one public function `page(...) -> Page` that takes what the page needs (a store, a clock, an
    engine) and closes over it; nothing is global. To add a page, write `dashboards/pages/<name>.py` and hand
    `<name>.page(...)` to `create_app`.

    A page fills its components through `dashboards.panel.answering`, so that they answer again when the URL changes,
    when the reader refreshes, and at each tick; what fails is told in its panel. Ids start with the page's name.
    """

    # e.g. '/alerts'; the query of the URL is the state, see dashboards/view.py.
    path: str
    # As the menu and the title of the window say it, e.g. 'Alerts'.
    name: str
    # A file of dashboards/assets/icons, without '.svg'.
    icon: str
    # The place in the menu: overview 10, API 20, alerts 30, SQL 40.
    order: int
    # Whether time range and filters concern it, so that the toolbar is shown.
    has_range: bool
    # Called at each visit; draws placeholders and asks the store nothing.
    layout: Callable[[], Component]
    # Called once, with the application that the page's callbacks belong to.
    register: Callable[[Dash], None]
