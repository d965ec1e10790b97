"""The one sticky row above a page: title, filters, comparison, time, refresh, share."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.dropdown import choice, dropdown
from dashboards.components.icon import icon
from dashboards.page import Page
from dashboards.site.filter_choice import comparison_form, filter_chips, filter_form
from dashboards.site.saved_views import save_form
from dashboards.site.shared_links import share_form
from dashboards.site.time_picker import shown_range, time_choice, time_picker
from dashboards.state.comparison import COMPARISONS, OFF, label_of
from dashboards.state.context import PageContext
from dashboards.state.view import DEFAULT_REFRESH, REFRESH_SECONDS, View


def context_bar(page: Page, context: PageContext, *, can_share: bool = False) -> list[Component | None]:
    """The row, and the tabs of the page below it."""
    view = context.view
    parts: list[Component] = [_heading(page, view)]
    entries = _share_entries(view, can_share=can_share)
    if page.has_range:
        parts += [
            filter_chips(view),
            html.Div(
                [_comparison(context), time_picker(context), _refresh(context), _share(entries)],
                className="context-controls",
            ),
        ]
    else:
        parts.append(html.Div(_share(entries), className="context-controls"))
    parts.append(_phone_buttons(page, context, entries))
    return [html.Div(parts, className="context-row"), _tabs(page, view)]


def not_found_bar() -> list[Component | None]:
    """Of an address that is no page's."""
    return [html.Div(html.H1("Page not found"), className="context-row")]


def _heading(page: Page, view: View) -> Component:
    item = page.item(view)
    if not item:
        return html.H1(page.name)
    crumb = html.A(page.name, href=view.to(page.path).href())
    return html.Div(
        [html.Nav(crumb, **attributes({"aria-label": "Breadcrumb"})), html.H1(item, title=item)], className="heading"
    )


def _comparison(context: PageContext) -> Component:
    view = context.view
    chosen = context.compared
    label = label_of(chosen)
    entries = [
        choice(one.label, view.href(compare="" if key == "previous" else key), is_on=key == chosen)
        for key, one in COMPARISONS.items()
    ]
    entries.append(choice("No comparison", view.href(compare=OFF), is_on=chosen == OFF))
    entries.append(comparison_form())
    return dropdown(label, entries, spoken=f"Compared with: {label}", to_the_left=True)


def _refresh(context: PageContext) -> Component:
    view = context.view
    often = view.auto_refresh(context.now)
    entries = [choice(f"Auto ({often})", view.href(refresh=DEFAULT_REFRESH), is_on=view.refresh == DEFAULT_REFRESH)]
    entries += [
        choice("Off" if name == "off" else f"Every {name}", view.href(refresh=name), is_on=name == view.refresh)
        for name in REFRESH_SECONDS
    ]
    chosen = often if view.refresh == DEFAULT_REFRESH else view.refresh
    shown = chosen if view.refresh_seconds(context.now) else "off"
    now = html.Button(
        icon("refresh", 16),
        id="refresh-now",
        type="button",
        className="icon-button",
        **attributes({"aria-label": "Refresh now", "title": "Refresh now (r)"}),
    )
    menu = dropdown(shown, entries, spoken=f"Refresh: {shown}", to_the_left=True)
    return html.Div([now, menu], className="refresh")


def _share(entries: Sequence[Component]) -> Component:
    return dropdown("Share", entries, drawn="share-2", to_the_left=True)


def _share_entries(view: View, *, can_share: bool) -> list[Component]:
    """A link, an annotation, the view under a name, and a link for people without an account."""
    sends: dict[str, Any] = {"data-sends-link": "yes"}
    copies: dict[str, Any] = {"data-copies-link": "yes"}
    return [
        # Shown where the browser can hand it to other apps, as on phones.
        html.Button([icon("share-2", 16), "Send link"], type="button", className="choice", **attributes(sends)),
        html.Button([icon("copy", 16), "Copy link"], type="button", className="choice", **attributes(copies)),
        html.A([icon("flag", 16), "Annotate"], href=view.to("/annotations").href(), className="choice"),
        save_form(),
        *([share_form()] if can_share else []),
    ]


def _phone_buttons(page: Page, context: PageContext, entries: Sequence[Component]) -> Component:
    """Buttons and the drawers that they open, where there is no room for the row."""
    parts = []
    if page.has_range:
        count = len(context.view.filters)
        filters = [filter_chips_only(context.view), filter_form(), _comparison(context)]
        parts += [
            _opener("time-sheet", [icon("clock", 16), shown_range(context)]),
            _opener("filter-sheet", [icon("filter", 16), f"Filters ({count})" if count else "Filters"]),
            _drawer("time-sheet", "Time range", [time_choice(context)]),
            _drawer("filter-sheet", "Filters", filters),
        ]
    share = _opener("share-sheet", [icon("share-2", 16)], spoken="Share")
    return html.Div([*parts, share, _drawer("share-sheet", "Share", entries)], className="phone-buttons")


def _opener(drawer: str, content: Sequence[Component | str], spoken: str = "") -> Component:
    named = {"aria-label": spoken} if spoken else {}
    return html.Button(content, type="button", **attributes({"data-dialog": drawer, **named}))


def _drawer(identity: str, title: str, content: Sequence[Component]) -> Component:
    return html.Div(
        html.Div([html.H2(title), *content], className="sheet"),
        id=identity,
        className="drawer",
        role="dialog",
        hidden=True,
        **attributes({"aria-label": title}),
    )


def filter_chips_only(view: View) -> Component:
    """The chips, without the button that adds one."""
    chips = filter_chips(view)
    chips.children = chips.children[:-1]
    return chips


def _tabs(page: Page, view: View) -> Component | None:
    tabs = page.tabs(view)
    if not tabs:
        return None
    return html.Nav(
        [
            html.A(
                tab.label,
                href=view.href(tab=tab.name, sort="", selected=""),
                **attributes({"aria-current": "page"} if tab.name == view.tab else {}),
            )
            for tab in tabs
        ],
        className="tabs",
        **attributes({"aria-label": f"Parts of {page.name}"}),
    )
