"""One consumer: its traffic, the APIs it uses, what fails for it, its month, its requests."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.absent import NO_CONSUMER
from dashboards.components.figure_card import Figure
from dashboards.components.table import Cell, Column, records, table
from dashboards.pages.apis.failures import causes_panel
from dashboards.pages.reports.choice import report_of
from dashboards.pages.shared.breakdowns import (
    CLIENT_ERRORS,
    ERRORS,
    P95,
    REQUESTS,
    Breakdown,
    addresses_panel,
    breakdown_panel,
    named,
    narrowed,
)
from dashboards.pages.shared.request_columns import request_columns
from dashboards.pages.shared.summary import HEIGHT, summary, summary_questions
from dashboards.pages.shared.traffic_panels import latency_panel, traffic_panel
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.consumers.consumers import month_until
from processors.explorer.requests import find_requests
from processors.query.answer import Answer
from processors.query.question import Question
from storage.store import Store

PATH = "/consumers"

_LISTED = 50
_NEARLY, _OVER = 0.8, 1.0
_BY_API = narrowed(("api", "version"), "/requests")


def consumer_panels(parts: PageParts) -> tuple[Panel, ...]:
    """Whose it is, figures with its month, then what it does."""
    return (
        _about(parts),
        _figures(parts),
        traffic_panel(),
        latency_panel(),
        _apis(),
        causes_panel(span=5),
        _month(),
        addresses_panel(span=5),
        _requests(parts.store),
    )


def used_cell(share: float) -> Cell:
    """How much of a quota is used."""
    tone = "bad" if share >= _OVER else "warning" if share >= _NEARLY else "neutral"
    return {"text": formats.show("share", share), "bar": min(1.0, share), "tone": tone}


def _about(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        directory = parts.catalogued.directory
        consumer = context.view.item(PATH)
        name, team = directory.name(consumer), directory.team(consumer)
        known = [html.Strong(name)] if name != consumer else []
        links = [
            ("All requests", _all_requests(context).href()),
            ("Explain a change", context.view.to("/explain").with_filter(*context.implied).href()),
            ("Try a rate limit", context.view.to("/what-if").with_filter(*context.implied).href()),
            *([] if consumer == NO_CONSUMER else [("Usage report", report_of(context.view, consumer).href())]),
        ]
        return html.Div(
            [
                *known,
                html.Span(team, className="tag") if team else None,
                *(html.A(label, href=href, className="choice-chip") for label, href in links),
            ],
            className="about",
        )

    return Panel("about", "About", draw, bare=True)


def _figures(parts: PageParts) -> Panel:
    def ask(context: PageContext) -> Sequence[Question]:
        month = Question(("requests",), month_until(context.now).window, filters=context.implied)
        return (*summary_questions(context, has_apdex=False), month)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Component:
        *asked, month = answers
        used = sum(int(row["requests"]) for row in records(month.frame))
        forecast = round(used * month_until(context.now).pace)
        at_the_end = f"{formats.show('count', forecast)} by month's end at this rate"
        quota = parts.catalogued.directory.quotas.get(context.view.item(PATH))
        if quota is None:
            figure = Figure(
                "month", "This month", "count", used, note=at_the_end, help="Requests since the 1st, in UTC"
            )
            return summary(context, asked, figure)
        tone = "bad" if used >= _OVER * quota else "warning" if max(used, forecast) >= _NEARLY * quota else ""
        share = formats.show("share", used / quota)
        figure = Figure(
            "month",
            "This month",
            "count",
            used,
            note=f"{share} of {formats.show('count', quota)}; {at_the_end}",
            tone=tone,
            help="Requests since the 1st, in UTC, against the quota",
            exact={"quota": quota},
        )
        return summary(context, asked, figure)

    return Panel("figures", "Figures", draw, ask, bare=True, height=HEIGHT)


def _apis() -> Panel:
    return breakdown_panel(
        Breakdown(
            "used-apis",
            "APIs used",
            ("api", "version"),
            ("requests", "error_rate", "client_error_rate", "p95", "response_bytes"),
            (
                named("api", "API"),
                named("version", "Version"),
                REQUESTS,
                ERRORS,
                CLIENT_ERRORS,
                P95,
                Column("response_bytes", "Sent", "bytes", rank=2, sort="response_bytes"),
            ),
            span=7,
            href=_BY_API,
            help="A row opens its requests to the API",
        )
    )


def _month() -> Panel:
    """Its usage as people bill it; CSV and XLSX are in the panel's menu."""

    def ask(context: PageContext) -> Sequence[Question]:
        window = month_until(context.now).window
        measures = ("requests", "errors", "request_bytes", "response_bytes")
        return (Question(measures, window, ("date", "api"), context.implied),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        rows = sorted(records(answers[0].frame), key=lambda row: (row["date"], row["requests"]), reverse=True)
        return table(context, "consumer-month", _USAGE, rows, empty="No requests in this month", page=15)

    return Panel(
        "consumer-month",
        "This month by day and API",
        draw,
        ask,
        span=7,
        height=160,
        help="Since the 1st, in UTC, regardless of the range; the panel's menu exports CSV and XLSX",
    )


def _requests(store: Store) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_requests(
            store,
            context.window,
            (*context.view.filters, *context.implied),
            order=context.sort("consumer-requests", "-time"),
            limit=_LISTED,
        )
        return table(
            context,
            "consumer-requests",
            [column for column in request_columns(context) if column.key != "consumer"],
            records(found),
            default_sort="-time",
            href=lambda row: _all_requests(context).href(selected=row["key"]),
            empty="No requests from this consumer in this range",
            page=15,
        )

    return Panel(
        "consumer-requests",
        "Newest requests",
        draw,
        height=300,
        help=f"The first {_LISTED}; All requests has the rest",
    )


def _all_requests(context: PageContext) -> View:
    return context.view.to("/requests").with_filter(*context.implied)


_USAGE = (
    Column("date", "Day"),
    named("api", "API", sort=False),
    Column("requests", "Requests", "count"),
    Column("errors", "Errors", "count", rank=1),
    Column("request_bytes", "Received", "bytes", rank=3),
    Column("response_bytes", "Sent", "bytes", rank=2),
)
