"""What is wrong with the pipeline, and how it stands now."""

from collections.abc import Sequence
from datetime import timedelta

from dash import html

from dashboards import formats
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.icon import icon
from dashboards.notices.pipeline import trouble_list
from dashboards.pages.ingest.kept import FindLedger
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.ingest.pipeline import Pipeline, troubles
from processors.ingest.records import came_in
from processors.query.answer import Answer


def troubles_panel(parts: PageParts, find_ledger: FindLedger) -> Panel:
    """Sentences, the worst first; one green line where all is well."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = troubles(parts.pipeline(), came_in(find_ledger(context)))
        if not found:
            text = "Everything that was accepted is stored, and the ledger balances"
            return html.Div([icon("circle-check"), text], className="attention tone-good")
        return trouble_list(found, context.view)

    return Panel("ingest-troubles", "What is wrong", draw, bare=True, height=44)


def figures_panel(parts: PageParts, find_ledger: FindLedger) -> Panel:
    """What arrives, how late it is, what waits, and what could not be parsed."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        pipeline = parts.pipeline()
        found = came_in(find_ledger(context))
        records, unparsed = sum(one.records for one in found), sum(one.unparsed for one in found)
        payloads = sum(one.payloads_per_second for one in pipeline.inputs)
        of_all = f"{formats.show('count', unparsed)} of {formats.show('count', records)} records in this range"
        waiting = f"{pipeline.backlog:,} segment{'' if pipeline.backlog == 1 else 's'} waiting"
        return figure_cards(
            [
                Figure(
                    "arriving", "Arriving", "bytes_rate", pipeline.bytes_per_second,
                    note=f"{formats.show('rate', payloads)} payloads, last 5 minutes",
                ),
                Figure(
                    "unparsed", "Unparsed", "share", unparsed / records if records else None,
                    note=of_all, tone="warning" if unparsed else "",
                    exact={"dead_letters": unparsed, "records": records},
                ),
                Figure(
                    "lag", "Lag", "ms", pipeline.lag_seconds * 1000,
                    note=waiting, tone=_tone(pipeline.lag_seconds, 60, 600),
                    help="How long the oldest segment in the spool has been waiting to be stored",
                ),
                Figure(
                    "spool", "Spool", "share", pipeline.spool_share, note=_room(pipeline),
                    tone=_tone(pipeline.spool_share, 0.5, 0.9),
                    help="Share of its capacity. Until full: at the rate of the last minutes, if nothing were stored",
                ),
            ]
        )  # fmt: skip

    return Panel("ingest-figures", "Figures", draw, bare=True, height=118)


def _room(pipeline: Pipeline) -> str:
    size = f"{formats.show('bytes', pipeline.spool_bytes)} of {formats.show('bytes', pipeline.spool_capacity)}"
    left = pipeline.seconds_until_full
    return size if left is None else f"{size}; until full {formats.span(timedelta(seconds=left))}"


def _tone(value: float, warning: float, bad: float) -> str:
    return "bad" if value >= bad else "warning" if value >= warning else ""
