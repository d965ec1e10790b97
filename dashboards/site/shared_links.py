"""View-only links: the form of the share menu that makes one, and what ends one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.access.gate import SHARED
from dashboards.components.attributes import attributes
from dashboards.components.hidden_field import hidden_field
from dashboards.components.icon import icon
from dashboards.errors import InvalidSharedLink
from dashboards.page import Done, Page, TakeAction
from dashboards.state.view import RANGE_FAULTS, View, parse_view
from processors.time.durations import parse_duration
from storage.access.shared_links import SharedLink, SharedLinks

SHARE, REVOKE = "share-view", "revoke-link"

_LONGEST = timedelta(days=90)
# The first is chosen where nobody chooses.
_SPANS = (("7d", "7 days"), ("1h", "1 hour"), ("1d", "1 day"), ("30d", "30 days"), ("90d", "90 days"))
# As browsers and proxies take it.
_MOST_ADDRESS = 8_000


@dataclass(frozen=True)
class Sharing:
    """Makes view-only links of pages. Where nobody has to sign in there is nothing to open by one."""

    links: SharedLinks
    page_at: Callable[[str], Page | None]
    clock: Callable[[], datetime]
    is_sign_in_required: Callable[[], bool]

    def can_share(self, view: View) -> bool:
        page = self.page_at(view.path)
        return self.is_sign_in_required() and page is not None and page.is_shareable(view)

    def share(self, address: str, lasts: timedelta, writer: str) -> tuple[SharedLink, str]:
        """A link to an address of the pages, and what to send, '/shared#…'. Raises InvalidSharedLink."""
        if not self.is_sign_in_required():
            raise InvalidSharedLink("No sign-in is required here: anyone can open the page's own address; send that.")
        if not timedelta(0) < lasts <= _LONGEST:
            raise InvalidSharedLink(f"A view-only link lasts at most {_LONGEST.days} days; choose a shorter time.")
        path, mark, query = address.partition("?")
        view, now = parse_view(path, f"{mark}{query}"), self.clock()
        page = self.page_at(view.path)
        if page is None or not page.is_shareable(view):
            raise InvalidSharedLink(
                "This page cannot be shared by a view-only link; share one about traffic, such as an API's."
            )
        if view.fault or len(address) > _MOST_ADDRESS:
            raise InvalidSharedLink(view.fault or f"The address is longer than {_MOST_ADDRESS:,} characters.")
        try:
            view.window(now)
        except RANGE_FAULTS as error:
            raise InvalidSharedLink(str(error)) from error
        link, secret = self.links.create(
            page.title(view), view.path, view.query(), writer, now.timestamp(), (now + lasts).timestamp()
        )
        return link, f"{SHARED}#{secret}"

    def actions(self) -> Mapping[str, TakeAction]:
        """What the forms do."""

        def share(view: View, entered: Mapping[str, list[str]], writer: str) -> Done:
            lasts = next((span for span in entered.get("lasts", []) if span in dict(_SPANS)), _SPANS[0][0])
            _, made = self.share(view.href(), parse_duration(lasts), writer)
            return Done(view, made=made)

        def revoke(view: View, entered: Mapping[str, list[str]], _writer: str) -> Done:
            self.links.revoke(next(iter(entered.get("link", [])), ""))
            return Done(view, "The view-only link is revoked and no longer works.")

        return {SHARE: share, REVOKE: revoke}


def share_form() -> Component:
    """How long, and the button that makes a link of the page as its address says it."""
    return html.Form(
        [
            html.Label(
                [
                    "View-only link, for people without an account",
                    html.Select([html.Option(label, value=span) for span, label in _SPANS], name="lasts"),
                ]
            ),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Create link", size="sm", attributes={"root": {"type": "submit"}}),
            html.Div(className="made", **attributes({"data-made": "yes", "role": "status"})),
        ],
        className="filter-form",
        **attributes({"data-form": SHARE}),
    )


def revoke_form(link: SharedLink) -> Component:
    """A button next to a view-only link."""
    return html.Form(
        [
            hidden_field("link", link.id),
            html.Button(
                icon("trash", 16),
                type="submit",
                className="quiet",
                **attributes({"aria-label": f"Revoke the link to {link.title}", "title": "Revoke this link"}),
            ),
        ],
        className="row-form",
        **attributes({"data-form": REVOKE}),
    )
