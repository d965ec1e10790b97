"""What goes wrong in an API, by whose fault, and whom it meets."""

from collections.abc import Sequence

from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.shared.breakdowns import REQUESTS, Breakdown, breakdown_panel, named, narrowed
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.filters import Filter, Operator
from processors.query.question import Question

_HEIGHT = 260
_FAILED = Filter("status_class", Operator.IN, ("4xx", "5xx", "other"))
_ERRORS = Filter("status_class", Operator.IN, ("5xx", "other"))
CAUSES = {
    "fault_backend": ("backend", "$bad"),
    "fault_policy": ("policy", "$series2"),
    "fault_config": ("configuration", "$series5"),
    "fault_client": ("client", "$series4"),
}
_CAUSE_WORDS = {"backend": "Backend", "policy": "Policy", "config": "Configuration", "client": "Client"}


def causes_over_time() -> Panel:
    """Failed requests by cause, over the error rates."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests", "rate", *CAUSES, "error_rate", "client_error_rate", over_time=True),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        frame = answers[0].frame
        if frame.empty or not frame["requests"].any():
            return empty()
        scale = by_step(context, frame, "rate") / by_step(context, frame, "requests")
        bars = [
            Series(name, by_step(context, frame, measure) * scale, colour, "bar")
            for measure, (name, colour) in CAUSES.items()
            if frame[measure].any()
        ]
        rates = [
            Series("5xx or no answer", by_step(context, frame, "error_rate"), "$bad"),
            Series("4xx", by_step(context, frame, "client_error_rate"), "$warning"),
        ]
        return time_chart(
            context,
            "causes-over-time",
            [
                Lane("rate", bars, 1, "Failed requests by cause"),
                Lane("share", rates, 1, "Share of requests", least=0.01),
            ],
            height=_HEIGHT,
            summary="Failed requests by cause, and the share of requests that failed",
        )

    return Panel(
        "causes-over-time",
        "Errors by cause over time",
        draw,
        ask,
        height=_HEIGHT,
        is_chart=True,
        help="Who caused a failed request: the backend, a policy, the configuration or the client",
    )


def causes_panel(span: int = 12) -> Panel:
    """Each cause with what the gateway says of it."""
    dimensions = ("fault", "status", "response_flags", "policy", "upstream")
    return breakdown_panel(
        Breakdown(
            "causes",
            "Errors by cause",
            dimensions,
            ("requests", "consumers"),
            (
                Column("fault", "Cause", cell=_cause),
                Column("status", "Status", cell=_status, sort="status", numeric=True),
                Column("response_flags", "Flags", rank=2, code=True),
                Column("policy", "Policy", rank=2),
                Column("upstream", "Upstream", rank=1),
                REQUESTS,
                Column("consumers", "Consumers", "count", rank=1, sort="consumers"),
            ),
            span=span,
            filters=(_FAILED,),
            empty="No failed requests in this range",
            href=narrowed(("fault", "status"), "/requests"),
            help="A row opens its requests",
        )
    )


def by_route() -> Panel:
    """Where it fails."""
    return breakdown_panel(
        Breakdown(
            "failing-routes",
            "Failing routes",
            ("route", "method"),
            ("requests", "consumers"),
            (
                named("route", "Route", code=True),
                named("method", "Method"),
                Column("requests", "Failed", "count", sort="requests"),
                Column("consumers", "Consumers", "count", rank=1, sort="consumers"),
            ),
            span=6,
            filters=(_ERRORS,),
            empty="No failing routes in this range",
            href=narrowed(("route", "method"), "/requests"),
        )
    )


def by_consumer() -> Panel:
    """Whom it meets."""
    return breakdown_panel(
        Breakdown(
            "affected-consumers",
            "Affected consumers",
            ("consumer",),
            ("requests",),
            (named("consumer", "Consumer"), Column("requests", "Failed", "count", sort="requests")),
            span=6,
            filters=(_ERRORS,),
            empty="No affected consumers in this range",
            href=narrowed(("consumer",), "/requests"),
        )
    )


def _cause(row: Row) -> Cell:
    fault = str(row["fault"])
    tone = "bad" if fault == "backend" else "warning" if fault else "neutral"
    return {"glyph": True, "tone": tone, "text": _CAUSE_WORDS.get(fault, fault.capitalize() or "Not known")}


def _status(row: Row) -> Cell:
    status = int(row["status"])
    tone = "bad" if status >= 500 or not status else "warning"
    return {"text": str(status) if status else "no answer", "tone": tone}
