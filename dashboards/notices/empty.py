"""What a page says while there is nothing to show: that nothing was sent, or where the last of it is."""

from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.state.context import PageContext
from dashboards.state.times import address_time

_BEFORE = timedelta(minutes=30)


def nothing_sent() -> Component:
    """Above every page while there is nothing that any of them could show."""
    return notice(
        "info",
        "No requests yet",
        html.P(["Pages fill in as soon as a gateway sends telemetry. ", html.A("How to send it", href="/")]),
        identity="nothing-sent",
    )


def nothing_here(context: PageContext, last_request: datetime) -> Component:
    """The range or the filters leave nothing, though there is telemetry."""
    start, end = address_time(last_request - _BEFORE), address_time(last_request + _BEFORE)
    there = context.view.href(start=start, end=end, filters=())
    return notice(
        "info",
        "No requests in this time range with these filters",
        html.P(
            [f"The last stored request arrived at {context.times.full(last_request)}. ", html.A("Go there", href=there)]
        ),
        identity="nothing-here",
    )


def never_called(context: PageContext, api: str) -> Component:
    """There is telemetry, but none of the API whose page it is."""
    every = context.view.to("/apis").href()
    return notice(
        "info",
        f"No requests of {api} are stored",
        html.P(["They may have been deleted, or the API goes by another name. ", html.A("All APIs", href=every)]),
        identity="nothing-here",
    )
