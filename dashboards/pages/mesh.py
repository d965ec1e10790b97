"""Who calls whom: clients, gateways, APIs, upstreams, and the services of a mesh."""

from collections.abc import Callable, Sequence

import pandas as pd

from dashboards import formats
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.figures.flow import Band, flow
from dashboards.page import Group, Page
from dashboards.pages.gateways.scope import gateway_href, instance_filter
from dashboards.pages.shared.hop_table import hop_table
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.once import Once
from dashboards.state.view import View
from processors.query.answer import Answer
from processors.topology.edges import edges
from processors.topology.recent_call import End, recent_call
from storage.store import Store

PATH = "/mesh"

_FoundOf = Callable[[PageContext], pd.DataFrame]

# More bands cannot be distinguished; the table has all.
_MOST_BANDS = 60
_MOST_ROWS = 500
_WARNING, _BAD = 0.01, 0.05
_BETWEEN = " → "


def page(parts: PageParts) -> Page:
    """The map, the chosen edge's figures, and every edge as a row."""

    found_of = Once(lambda context: edges(parts.store, parts.handled, context.window, instance_filter(context)))
    whole, rows = _map(found_of), _table(found_of)
    chosen = (_chosen(found_of), _call(parts.store, found_of))

    def everything(view: View) -> Sequence[Panel]:
        return (whole, *chosen, rows) if view.selected else (whole, rows)

    return Page(PATH, "Mesh", "affiliate", Group.OBSERVE, panels=everything, is_shareable=lambda _view: True)


def _map(found_of: _FoundOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = found_of(context)
        if found.empty:
            return empty("No requests in this range")
        rows = records(found.head(_MOST_BANDS))
        bands = [
            Band(row["source"], row["target"], row["rate"], _tone(row), _label(row), *_selecting(context, row))
            for row in rows
        ]
        summary = f"{len(bands)} of {len(found)} edges, by requests; the table below has all of them"
        return flow("map", bands, _hrefs(context, rows), summary)

    return Panel(
        "map",
        "Service map",
        draw,
        help="Bands are as wide as their traffic, orange from 1 % errors, red from 5 %. Click one for its figures",
    )


def _chosen(found_of: _FoundOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = found_of(context)
        rows = [row for row in records(found) if _key(row) == context.view.selected]
        if not rows:
            return empty(f"No requests {context.view.selected} in this range")
        row = rows[0]
        rate, mtls = row["error_rate"], row["mtls_share"]
        return figure_cards(
            [
                Figure("edge_requests", "Requests", "count", row["requests"], note=_key(row)),
                Figure("edge_rate", "Rate", "rate", row["rate"]),
                Figure("edge_error_rate", "Error rate", "share", rate, tone=_tone(row) if rate >= _WARNING else ""),
                Figure("edge_mean", "Latency mean", "ms", row["mean_ms"], note="as seen by the source"),
                Figure("edge_mtls", "Mutual TLS", "share", mtls, note="from Istio's metrics"),
            ]
        )

    return Panel("edge", "Chosen edge", draw, bare=True, height=118)


def _call(store: Store, found_of: _FoundOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        row = next((row for row in records(found_of(context)) if _key(row) == context.view.selected), None)
        if row is None:
            return empty()
        source, target = (End(str(row[end]), str(row[f"{end}_kind"])) for end in ("source", "target"))
        call = recent_call(store, context.window, str(row["environment"]), source, target)
        if call.empty:
            return empty("None of the newest requests has an id by which to find its hops")
        return hop_table(context, "edge-hops", call)

    return Panel(
        "edge-hops",
        "A recent call, hop by hop",
        draw,
        height=120,
        help="From the outermost gateway to the innermost service, as far as each reports it",
    )


def _table(found_of: _FoundOf) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = records(found_of(context).head(_MOST_ROWS))
        return table(
            context,
            "edges",
            _columns(rows),
            rows,
            href=lambda row: _selecting(context, row)[0],
            empty="No requests in this range",
        )

    return Panel("edges", "Edges", draw, height=300, help="The busiest first. Click a row to see its figures above")


def _key(row: Row) -> str:
    return f"{row['source']}{_BETWEEN}{row['target']}"


def _selecting(context: PageContext, row: Row) -> tuple[str, bool]:
    """Where an edge leads, and whether it is chosen."""
    is_selected = context.view.selected == _key(row)
    return context.view.href(selected="" if is_selected else _key(row)), is_selected


def _hrefs(context: PageContext, rows: Sequence[Row]) -> dict[str, str]:
    """Gateways and APIs have pages; a client and an upstream have none."""
    found = {}
    for row in rows:
        for end in ("source", "target"):
            name, kind = str(row[end]), row[f"{end}_kind"]
            if kind == "gateway":
                found[name] = gateway_href(context.view, str(row["environment"]), name)
            elif kind in ("api", "service"):
                found[name] = context.view.to("/apis", name).href()
    return found


def _tone(row: Row) -> str:
    rate = row["error_rate"]
    return "bad" if rate >= _BAD else "warning" if rate >= _WARNING else "good"


def _label(row: Row) -> str:
    rate, errors = formats.show("rate", row["rate"]), formats.show("share", row["error_rate"])
    return f"{_key(row)}: {rate}, {errors} errors, {formats.show('ms', row['mean_ms'])} on average"


def _errors(row: Row) -> Cell:
    tone = _tone(row)
    shown = formats.show("share", row["error_rate"])
    return {"text": shown, "bar": row["error_rate"], "tone": tone if tone != "good" else "neutral"}


def _columns(rows: Sequence[Row]) -> Sequence[Column]:
    # Of several environments, edges of the same ends would look alike.
    is_told_apart = len({row["environment"] for row in rows}) > 1
    return (
        Column("source", "From"),
        Column("target", "To"),
        Column("environment", "Environment", rank=0 if is_told_apart else 4),
        Column("rate", "Rate", "rate"),
        Column("error_rate", "Errors", cell=_errors, numeric=True),
        Column("mean_ms", "Latency mean", "ms", rank=1),
        Column("mtls_share", "Mutual TLS", "share", rank=2),
        Column("requests", "Requests", "count", rank=3),
    )
