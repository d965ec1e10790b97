"""The web app: the list of pages, and how they come onto the web server."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import dash_mantine_components as dmc
from dash import Dash
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from dashboards.api.shared_links import shared_links_api
from dashboards.components.icon import icon_variables
from dashboards.components.on_demand import FOLDER
from dashboards.design import css_variables
from dashboards.pages.pages import PAGES
from dashboards.parts import PageParts
from dashboards.site.alert_marks import alert_marks
from dashboards.site.annotation_marks import annotation_marks
from dashboards.site.compression import Compression
from dashboards.site.documents import Documents
from dashboards.site.forms import Forms
from dashboards.site.needed_scripts import DashWithNeededScripts
from dashboards.site.pages import Site
from dashboards.site.routes import page_routes
from dashboards.site.saved_views import saved_view_actions
from dashboards.site.shared_links import Sharing
from dashboards.site.shell import shell
from dashboards.state.marks import FindMarks, Mark
from processors.annotations.annotation_store import AnnotationStore
from processors.ingest.records import last_request
from processors.query.filters import Filter
from processors.saved_views.saved_view_store import SavedViewStore
from processors.time.window import Window
from storage.errors import StoreError
from storage.store import Store

_ASSETS = Path(__file__).with_name("assets")
# Scripts that stand in the document.
_INLINE = "inline"
# Most pages have charts: it comes after what draws the page, and while that is read.
_CHARTS = "/assets/vendor/plotly-cartesian-4.1.1.min.js"
_INDEX = f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{%title%}}</title>
    <link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
    <link rel="preload" href="/assets/fonts/inter-latin.woff2" as="font" type="font/woff2" crossorigin>
    <link id="charts" rel="preload" href="{_CHARTS}" as="script" fetchpriority="low">
    <link rel="preload" href="/_dash-layout" as="fetch" crossorigin>
    <link rel="preload" href="/_dash-dependencies" as="fetch" crossorigin>
    <script>{(_ASSETS / _INLINE / "ask.js").read_text(encoding="utf-8")}</script>
    <style>{css_variables()}{icon_variables()}</style>
    {{%css%}}
  </head>
  <body>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>"""


def create_app(server: FastAPI, parts: PageParts, is_sign_in_required: Callable[[], bool]) -> Dash:
    """Put the pages on a web server; what the server routes already stays its own."""
    pages = [make(parts) for make in PAGES]
    views = SavedViewStore(parts.store)
    sharing = Sharing(
        parts.shared_links,
        lambda path: next((page for page in pages if page.shows(path)), None),
        parts.clock,
        is_sign_in_required,
    )
    site = Site(
        pages,
        parts.questions,
        parts.clock,
        lambda: _firing(parts),
        find_marks=_marks(parts),
        can_share=sharing.can_share,
        saved_views=views.load,
        works=lambda: parts.under_way.works,
        has_traffic=_traffic(parts.store),
    )
    forms = {name: take for page in pages for name, take in page.forms.items()}
    actions = {name: act for page in pages for name, act in page.actions.items()}
    actions |= {**saved_view_actions(views, parts.clock), **sharing.actions()}
    server.include_router(shared_links_api(parts.shared_links, sharing.share, parts.clock))
    server.include_router(page_routes(site, Forms(parts.questions, parts.clock, forms, actions)))
    for page in pages:
        if page.routes is not None:
            server.include_router(page.routes)
    # Dash's own answer where there is no callback is a fault of ours.
    server.add_api_route("/_dash-update-component", _no_callback, methods=["POST"], include_in_schema=False)
    app = DashWithNeededScripts(
        "gatelens",
        # Its annotation knows Flask only.
        server=cast(Any, server),
        backend="fastapi",
        assets_folder=str(_ASSETS),
        assets_path_ignore=["vendor", FOLDER, _INLINE],
        title="Gatelens",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,
        index_string=_INDEX,
    )
    # The browser would try again and again to open a WebSocket that no callback here uses.
    app.backend.websocket_capability = False
    dmc.pre_render_color_scheme()
    app.layout = lambda: shell(has_session=is_sign_in_required())
    server.add_middleware(Compression)
    server.add_middleware(Documents, is_page=lambda path: site.page_at(path) is not None)
    return app


def _no_callback() -> None:
    raise HTTPException(404)


def _traffic(store: Store) -> Callable[[], bool]:
    """Asks until there is some."""
    known = False

    def has_traffic() -> bool:
        nonlocal known
        try:
            known = known or last_request(store) is not None
        except StoreError:
            # Panels tell of it.
            return True
        return known

    return has_traffic


def _firing(parts: PageParts) -> int:
    return sum(alert.is_firing for alert in parts.engine.alerts())


def _marks(parts: PageParts) -> FindMarks:
    annotations = AnnotationStore(parts.store)

    def find(window: Window, filters: Sequence[Filter]) -> Sequence[Mark]:
        alerts = alert_marks(parts.engine.incidents(window), window, filters, parts.clock())
        return [*alerts, *annotation_marks(annotations.within(window), window, filters)]

    return find
