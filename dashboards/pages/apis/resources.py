"""What an API costs its gateways, and how these stand."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
from dash import html

from dashboards import formats
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.design import SERIES
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.gateways.scope import gateway_href, instance_filter
from dashboards.pages.shared.api_rows import PATH
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question
from processors.resources.cost import cost
from processors.resources.instance_filter import InstanceFilter
from processors.resources.resources import resources

_HEIGHT = 320
# The busiest gateways of an API; each is asked for by itself.
_MOST_GATEWAYS = len(SERIES)
_SHARES = ["cpu_share_max", "memory_share_max"]
_ELSEWHERE = "Cores and bytes are on the page of each gateway"


def resource_panels(parts: PageParts) -> tuple[Panel, ...]:
    """Cost by gateway, then CPU and memory of the gateways that serve it."""
    return (_cost(parts), _load(parts))


def _ask(context: PageContext) -> Sequence[Question]:
    return (context.question("requests", by=("environment", "gateway"), limit=_MOST_GATEWAYS),)


def _places(answers: Sequence[Answer]) -> list[InstanceFilter]:
    rows = records(answers[0].frame)
    return [InstanceFilter(str(row["environment"]), str(row["gateway"])) for row in rows if row["requests"]]


def _cost(parts: PageParts) -> Panel:
    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        name = context.view.item(PATH)
        rows = []
        for place in _places(answers):
            found = cost(parts.store, parts.handled, context.window, "api", place)
            costs = found.costs[found.costs["name"] == name]
            if found.fits.empty or costs.empty:
                rows.append({"environment": place.environment, "gateway": place.gateway, "told": "no CPU data"})
                continue
            fit, own = found.fits.iloc[0], costs.iloc[0]
            is_silent = pd.isna(own["cpu_ms_per_1000"])
            reason = fit["silent_because"] or "called too rarely, or always together with another API"
            rows.append({**own, "r_squared": fit["r_squared"], "told": reason if is_silent else ""})
        return table(
            context,
            "api-cost",
            _COLUMNS,
            rows,
            href=lambda row: gateway_href(context.view, str(row["environment"]), str(row["gateway"])),
            empty="No requests in this range",
        )

    return Panel(
        "api-cost",
        "CPU cost",
        draw,
        _ask,
        height=160,
        help="How much a gateway's CPU usage rises with this API's requests; empty if the fit is poor",
    )


def _load(parts: PageParts) -> Panel:
    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        narrowed = instance_filter(context).instance
        found: dict[str, pd.DataFrame] = {}
        places = _places(answers)
        named = Counter(place.gateway for place in places)
        for place in places:
            of = InstanceFilter(place.environment, place.gateway, narrowed)
            used = resources(parts.store, context.window, of, context.step)
            if not used.empty:
                name = place.gateway if named[place.gateway] == 1 else f"{place.gateway} ({place.environment})"
                found[name] = used.groupby("time", as_index=False)[_SHARES].max()
        return load_by_limit(context, found)

    return Panel(
        "api-load",
        "CPU and memory of the gateways",
        draw,
        _ask,
        height=_HEIGHT,
        is_chart=True,
        help="The busiest instance of each gateway, as a share of its limit",
    )


def load_by_limit(context: PageContext, found: Mapping[str, pd.DataFrame]) -> Drawing:
    """CPU over memory, a line for each gateway whose limit is known; a note names the others."""
    if not found:
        return empty("No CPU or memory of this API's gateways is known in this range")
    colours = dict(zip(found, SERIES, strict=False))
    lanes, drawn = [], set[str]()
    for measure, title in zip(_SHARES, ("CPU, of the limit", "Memory, of the limit"), strict=True):
        lines = [
            Series(name, by_step(context, frame, measure), colours[name], in_legend=name not in drawn)
            for name, frame in found.items()
            if frame[measure].notna().any()
        ]
        if lines:
            drawn |= {line.name for line in lines}
            lanes.append(Lane("share", lines, 1, title))
    without = [name for name in found if name not in drawn]
    if not drawn:
        return empty(f"No limits of CPU and memory are known for {', '.join(without)}. {_ELSEWHERE}")
    summary = f"CPU and memory of {len(drawn)} gateways, the busiest instance of each"
    chart = time_chart(context, "api-load", lanes, height=_HEIGHT, summary=summary)
    if not without:
        return chart
    return [chart, html.P(f"Without a known limit: {', '.join(without)}. {_ELSEWHERE}", className="note")]


def _per_thousand(row: Row) -> Cell:
    if row["told"]:
        return {"text": formats.NOTHING, "title": f"No figure: {row['told']}"}
    return f"{formats.show('ms', row['cpu_ms_per_1000'])} ± {formats.show('ms', row['margin'])}"


_COLUMNS = (
    Column("gateway", "Gateway"),
    Column("environment", "Environment"),
    Column("cpu_ms_per_1000", "CPU per 1,000 requests", cell=_per_thousand, numeric=True),
    Column("cpu_share", "Share of gateway's CPU", "share", rank=1),
    Column("r_squared", "Explained by traffic", "share", rank=3, help="R²: the share of CPU's variance"),
    Column("told", "Why there is no figure", rank=2, wraps=True),
)
