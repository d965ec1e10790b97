"""What an API's traffic consists of: routes, versions, consumers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboards import formats
from dashboards.absent import value_text
from dashboards.components.gateway_kind import gateway_kind
from dashboards.components.health import TONES
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.figures.traffic import groups, rate_by
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.health.judgement import Health, judge
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.query.question import Question

_LIMIT = 200
_CHART_HEIGHT = 240


@dataclass(frozen=True)
class Breakdown:
    """A table of one or two dimensions, and where its rows lead."""

    id: str
    title: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    columns: tuple[Column, ...]
    default_sort: str = "-requests"
    span: int = 12
    help: str = ""
    filters: tuple[Filter, ...] = ()
    # Called with a row; '' for nowhere. By default the same page, narrowed to the row.
    href: Callable[[PageContext, Row], str] | None = None
    empty: str = "No requests in this range"


def breakdown_panel(breakdown: Breakdown) -> Panel:
    """The panel of a breakdown."""

    def ask(context: PageContext) -> Sequence[Question]:
        order = context.sort(breakdown.id, breakdown.default_sort)
        return (
            context.question(
                *breakdown.measures, by=breakdown.dimensions, order=order, limit=_LIMIT, filters=breakdown.filters
            ),
        )

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        rows = records(answers[0].frame)
        lead = breakdown.href or narrowed(breakdown.dimensions)
        return table(
            context,
            breakdown.id,
            breakdown.columns,
            rows,
            default_sort=breakdown.default_sort,
            href=lambda row: lead(context, row),
            empty=breakdown.empty,
            page=15,
        )

    return Panel(breakdown.id, breakdown.title, draw, ask, span=breakdown.span, height=160, help=breakdown.help)


def narrowed(dimensions: Sequence[str], path: str = "") -> Callable[[PageContext, Row], str]:
    """To this page, or another, narrowed to the row's values."""

    def href(context: PageContext, row: Row) -> str:
        view = context.view
        if path:
            view = view.to(path)
            for one in context.implied:
                view = view.with_filter(one)
        for dimension in dimensions:
            view = view.only(dimension, str(row[dimension]))
        return view.href()

    return href


def named(key: str, label: str, *, code: bool = False, sort: bool = True) -> Column:
    """A column of a dimension's values, with a word for none."""
    return Column(key, label, cell=lambda row: value_text(key, row[key]), code=code, sort=key if sort else "")


def error_cell(row: Row) -> Cell:
    """The error rate in the colour of its health."""
    health = judge(row["requests"], row["error_rate"]).health
    tone = TONES[health] if health in (Health.BAD, Health.WARNING) else ""
    return {"text": formats.show("share", row["error_rate"]), "tone": tone, "bar": row["error_rate"]}


REQUESTS = Column("requests", "Requests", "count", sort="requests")
ERRORS = Column("error_rate", "Errors", cell=error_cell, sort="error_rate", numeric=True, help="5xx or no answer")
CLIENT_ERRORS = Column("client_error_rate", "4xx", "share", rank=2, sort="client_error_rate")
P50 = Column("p50", "p50", "ms", rank=3, sort="p50")
P95 = Column("p95", "p95", "ms", rank=1, sort="p95")
P99 = Column("p99", "p99", "ms", rank=3, sort="p99")
FAST = ("p50", "p95", "p99")


def routes_panel() -> Panel:
    """Each route and method."""
    return breakdown_panel(
        Breakdown(
            "routes",
            "Routes",
            ("route", "method"),
            ("requests", "error_rate", "client_error_rate", *FAST),
            (
                named("route", "Route", code=True),
                named("method", "Method"),
                REQUESTS,
                ERRORS,
                CLIENT_ERRORS,
                P50,
                P95,
                P99,
            ),
            help="A row filters the page by the route",
        )
    )


def versions_panel(span: int = 12) -> Panel:
    """Each version on each gateway."""
    return breakdown_panel(
        Breakdown(
            "versions",
            "Versions and gateways",
            ("version", "gateway", "gateway_kind"),
            ("requests", "error_rate", "p95"),
            (
                named("version", "Version"),
                named("gateway", "Gateway"),
                Column("gateway_kind", "Kind", cell=gateway_kind, rank=2),
                REQUESTS,
                ERRORS,
                P95,
            ),
            span=span,
        )
    )


def consumers_panel() -> Panel:
    """Each client application."""
    return breakdown_panel(
        Breakdown(
            "consumers",
            "Consumers",
            ("consumer",),
            ("requests", "error_rate", "client_error_rate", "p95", "response_bytes"),
            (
                named("consumer", "Consumer"),
                REQUESTS,
                ERRORS,
                CLIENT_ERRORS,
                P95,
                Column("response_bytes", "Sent", "bytes", rank=2, sort="response_bytes"),
            ),
            help="Client applications as the gateway identified them; a row filters the page by one",
        )
    )


def addresses_panel(span: int = 12) -> Panel:
    """Client addresses, and the programs that ask from there."""
    return breakdown_panel(
        Breakdown(
            "addresses",
            "Client addresses",
            ("client_address", "user_agent_family"),
            ("requests", "error_rate"),
            (
                named("client_address", "Address"),
                named("user_agent_family", "Program"),
                REQUESTS,
                ERRORS,
            ),
            span=span,
            href=narrowed(("client_address",), "/requests"),
            help="A row opens its requests",
        )
    )


def consumers_over_time() -> Panel:
    """The six busiest."""
    return rates_panel("consumer-rates", "Busiest consumers", "consumer")


def rates_panel(
    identity: str, title: str, dimension: str, filters: tuple[Filter, ...] = (), *, span: int = 12
) -> Panel:
    """Requests per second of the busiest values of a dimension."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests", "rate", by=(dimension,), over_time=True, limit=6, filters=filters),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        found = {value_text(dimension, name): rows for name, rows in groups(answers[0].frame, dimension).items()}
        return rate_by(context, identity, found, height=_CHART_HEIGHT) if found else empty()

    return Panel(identity, title, draw, ask, span=span, height=_CHART_HEIGHT, is_chart=True)
