"""Who uses the APIs: who is new, who grows, who is gone, and whose quota is nearly used."""

from collections.abc import Sequence
from dataclasses import asdict

from dash import html

from dashboards.absent import NO_CONSUMER
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.table import Cell, Column, Row, table
from dashboards.pages.consumers.one_consumer import PATH, used_cell
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.consumers.consumers import ConsumerEntry, ConsumerState, consumers, quotas
from processors.query.answer import Answer

_MOST_ROWS = 1_000
_TONES = {
    ConsumerState.NEW: "info",
    ConsumerState.GROWING: "warning",
    ConsumerState.SHRINKING: "neutral",
    ConsumerState.VANISHED: "bad",
    ConsumerState.STEADY: "good",
    ConsumerState.UNKNOWN: "neutral",
}


def list_panels(parts: PageParts) -> tuple[Panel, ...]:
    """How many are in each state, every consumer as a row, and quotas where anybody has one."""
    quota = (_quotas(parts),) if parts.catalogued.directory.quotas else ()
    return (_figures(parts), *quota, _table(parts))


def _found(parts: PageParts, context: PageContext) -> list[ConsumerEntry]:
    return consumers(
        parts.questions, parts.catalogued.directory, context.window, (*context.view.filters, *context.implied)
    )


def _figures(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = _found(parts, context)
        if not found:
            return None
        active = sum(entry.requests > 0 for entry in found)
        figure = Figure("consumers", "Consumers", "count", active, note="with requests in this range")
        if any(entry.state is ConsumerState.UNKNOWN for entry in found):
            return [
                figure_cards([figure]),
                html.P("Nobody is new or gone: too little is known of the period before", className="note"),
            ]
        counts = {state: sum(entry.state is state for entry in found) for state in ConsumerState}
        return figure_cards(
            [
                figure,
                Figure(
                    "consumers_new", "New", "count", counts[ConsumerState.NEW], note="not seen in the period before"
                ),
                Figure("consumers_growing", "Growing", "count", counts[ConsumerState.GROWING]),
                Figure("consumers_gone", "Vanished", "count", counts[ConsumerState.VANISHED], note="no longer seen"),
            ]
        )

    return Panel("consumer-figures", "Consumers", draw, bare=True, height=118)


def _quotas(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {**asdict(use), "share": use.share}
            for use in quotas(parts.questions, parts.catalogued.directory, context.now)
        ]
        return table(context, "quotas", _QUOTA_COLUMNS, rows, href=lambda row: _href(context, row))

    return Panel("quotas", "Quotas of this month", draw, help="In UTC; the forecast assumes the month's rate so far")


def _table(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [asdict(entry) for entry in _found(parts, context)[:_MOST_ROWS]]
        return table(
            context,
            "consumers",
            _COLUMNS,
            rows,
            href=lambda row: _href(context, row),
            empty="No requests in this range",
        )

    return Panel(
        "consumers",
        "All consumers",
        draw,
        help="The busiest first, compared with the preceding period. A row opens its page",
    )


def _href(context: PageContext, row: Row) -> str:
    return context.view.to(PATH, str(row["consumer"]) or NO_CONSUMER).href()


def _name(row: Row) -> Cell:
    return {"text": str(row["name"]) or NO_CONSUMER, "title": str(row["consumer"]), "strong": True}


def _state(row: Row) -> Cell:
    return {"glyph": True, "tone": _TONES[row["state"]], "text": str(row["state"])}


_COLUMNS = (
    Column("name", "Consumer", cell=_name),
    Column("team", "Team", rank=2),
    Column("state", "State", cell=_state),
    Column("requests", "Requests", "count"),
    Column("requests_before", "Before", "count", rank=1),
    Column("error_rate", "Errors", "share"),
    Column("p95", "Latency p95", "ms", rank=3),
)
_QUOTA_COLUMNS = (
    Column("name", "Consumer", cell=_name),
    Column("share", "Used", cell=lambda row: used_cell(float(row["share"])), numeric=True),
    Column("used", "Requests", "count"),
    Column("quota", "Quota", "count"),
    Column("forecast", "At the end of the month", "count", rank=1),
)
