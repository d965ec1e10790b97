"""The explorer of requests: their course, what they have in common, each of them, and one in full."""

from collections.abc import Mapping, Sequence

from dashboards.components.search_form import search_form
from dashboards.components.table import records, table
from dashboards.notices.kept import kept_requests
from dashboards.page import Group, Page
from dashboards.pages.requests.facets import facets_panel
from dashboards.pages.requests.one_request import one_request_panels
from dashboards.pages.shared.request_columns import request_columns
from dashboards.pages.shared.traffic_panels import traffic_panel
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.explorer.requests import find_requests
from processors.query.answer import Answer
from processors.query.filters import Filter
from storage.store import Store

PATH = "/requests"
_SEARCH = "requests-search"
_LISTED = 500
_SLOWEST = "requests:-duration_ms"
_FAILED = Filter("status_class", values=("5xx", "other"))


def page(parts: PageParts) -> Page:
    """The list at /requests; `selected` is the key of one that is shown in full."""
    listed = (_search(), kept_requests(parts), traffic_panel(span=12, height=220), facets_panel(), _list(parts.store))
    one = one_request_panels(parts.store)

    def panels(view: View) -> Sequence[Panel]:
        return (*one, *listed) if view.selected else listed

    return Page(
        PATH,
        "Requests",
        "list-search",
        Group.INVESTIGATE,
        panels=panels,
        forms={_SEARCH: _searched},
        is_shareable=lambda _view: True,
    )


def _searched(view: View, values: Mapping[str, list[str]]) -> View:
    return view.setting(text="".join(values.get("text", [])[:1])).but(selected="")


def _search() -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        view = context.view
        others = view.but(filters=tuple(one for one in view.filters if one.dimension != _FAILED.dimension))
        chosen = view.values_of(_FAILED.dimension)
        choices = [
            ("All", others.href(), not chosen),
            ("5xx or no answer", others.with_filter(_FAILED).href(), chosen == _FAILED.values),
            ("Newest first", view.href(sort=""), not view.sort),
            ("Slowest first", view.href(sort=_SLOWEST), view.sort == _SLOWEST),
        ]
        text = view.parameter("text")
        return search_form(_SEARCH, text, "Request id or trace id, or part of a path, consumer or address", choices)

    return Panel("requests-search", "Search", draw, bare=True)


def _list(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_requests(
            store,
            context.window,
            context.view.filters,
            text=context.view.parameter("text"),
            order=context.sort("requests", "-time"),
            limit=_LISTED,
        )
        columns = request_columns(context)
        # What no column shows is dear to take out of the frame too.
        rows = records(found[["key", *(column.key for column in columns)]])
        note = f"The first {_LISTED:,}; narrow the list by filters or text" if len(rows) == _LISTED else ""
        return table(
            context,
            "requests",
            columns,
            rows,
            default_sort="-time",
            href=lambda row: context.view.href(selected=row["key"]),
            empty="No matching requests in this range",
            note=note,
        )

    return Panel("requests", "Requests", draw, height=420, help="The text narrows this list; filters narrow the page")
