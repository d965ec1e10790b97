"""How long an API's requests take, how that is spread, and whose time it is."""

from collections.abc import Sequence

from dashboards.components.notice import empty
from dashboards.components.table import Column
from dashboards.figures import latency
from dashboards.pages.shared.breakdowns import FAST, P50, P99, REQUESTS, Breakdown, breakdown_panel, named
from dashboards.pages.shared.traffic_panels import FindBand, latency_panel
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.heatmap import HISTOGRAM, heatmap
from processors.query.question import Question

_HEIGHT = 280


def percentiles_panel(usual: FindBand) -> Panel:
    """p50, p95, p99, and where p95 usually is."""
    return latency_panel(span=6, height=_HEIGHT, usual=usual)


def shares_panel() -> Panel:
    """Gateway and upstream."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question("requests", *latency.SHARES, over_time=True),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        frame = answers[0].frame
        if frame.empty or not frame["requests"].any():
            return empty()
        if frame["upstream_mean"].isna().all():
            return empty("No gateway reports the upstream's time here")
        return latency.time_shares(context, "time-shares", frame, height=_HEIGHT)

    return Panel(
        "time-shares",
        "Gateway and upstream",
        draw,
        ask,
        span=6,
        height=_HEIGHT,
        is_chart=True,
        help="Mean time of the requests whose upstream time is known",
    )


def heatmap_panel() -> Panel:
    """Requests by time and latency."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (context.question(HISTOGRAM, over_time=True),)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        cells = heatmap(answers[0], context.now)
        if cells.empty:
            return empty("No requests of a known duration in this range")
        return latency.heatmap(context, "heatmap", cells, height=_HEIGHT)

    return Panel(
        "heatmap",
        "Latency heatmap",
        draw,
        ask,
        span=12,
        height=_HEIGHT,
        is_chart=True,
        help="Requests by time and latency on a logarithmic scale; a stronger colour means more",
    )


def slowest_routes() -> Panel:
    """Routes by p95."""
    return breakdown_panel(
        Breakdown(
            "slowest-routes",
            "Slowest routes",
            ("route", "method"),
            ("requests", *FAST, "max", "upstream_mean", "gateway_mean"),
            (
                named("route", "Route", code=True),
                named("method", "Method"),
                REQUESTS,
                P50,
                Column("p95", "p95", "ms", sort="p95"),
                P99,
                Column("max", "Slowest", "ms", rank=2, sort="max"),
                Column("upstream_mean", "Upstream", "ms", rank=3, sort="upstream_mean"),
                Column("gateway_mean", "Gateway", "ms", rank=3, sort="gateway_mean"),
            ),
            default_sort="-p95",
        )
    )
