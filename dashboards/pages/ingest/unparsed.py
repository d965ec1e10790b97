"""What could not be parsed, and what is doubtful."""

from collections.abc import Sequence

from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.ingest.records import doubts, unparsed
from processors.query.answer import Answer
from processors.query.filters import Filter

# Letters of a sample in the table.
_SHOWN = 72


def unparsed_panel(parts: PageParts) -> Panel:
    """Dead letters by format and reason, with the beginning of the newest."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {**row, "seen": context.times.ago(row["last_seen"]), "key": f"{row['format']} {row['reason']}"}
            for row in records(unparsed(parts.store, context.window))
        ]
        return table(
            context,
            "unparsed",
            (
                Column("format", "Format"),
                Column("reason", "Reason"),
                Column("records", "Records", "count"),
                Column("sample", "Newest", cell=_beginning, code=True, rank=2),
                Column("peer", "From", rank=3),
                Column("seen", "Last", numeric=True, rank=1),
            ),
            rows,
            href=lambda row: context.view.setting(unparsed=str(row["format"]), reason=str(row["reason"])).href(),
            empty="Everything received in this range could be parsed",
            page=10,
        )

    return Panel(
        "unparsed", "Unparsed records", draw, height=80,
        help="Dead letters: their bytes are kept. A row opens samples, and lets you read them again",
    )  # fmt: skip


def _beginning(row: Row) -> Cell:
    sample = str(row["sample"])
    return sample if len(sample) <= _SHOWN else f"{sample[:_SHOWN]} …"


_WORDS = {
    "duration_without_unit": "a duration without a unit",
    "no_time": "no time; filed under its arrival time",
    "no_status": "no status",
    "upstream_longer_than_request": "the upstream took longer than the request",
}


def doubts_panel(parts: PageParts) -> Panel:
    """Rows with a doubtful value."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = records(doubts(parts.store, context.window))
        rows = [
            {**row, "seen": context.times.ago(row["last_seen"]), "key": f"{row['doubt']} {row['format']}"}
            for row in found
        ]
        return table(
            context,
            "doubts",
            (
                Column("doubt", "Doubt", cell=_doubt),
                Column("format", "Format"),
                Column("requests", "Requests", "count"),
                Column("seen", "Last", numeric=True),
            ),
            rows,
            href=lambda row: _requests(context, row),
            empty="No doubtful values in this range",
            page=10,
        )

    return Panel(
        "doubts", "Doubtful rows", draw, height=80,
        help="Parsed requests with a doubtful value, on the last day of the range",
    )  # fmt: skip


def _doubt(row: Row) -> Cell:
    return ", ".join(_WORDS.get(one, one) for one in str(row["doubt"]).split(","))


def _requests(context: PageContext, row: Row) -> str:
    of_doubt = Filter("attribute:gatelens.doubt", values=(str(row["doubt"]),))
    return context.view.to("/requests").with_filter(of_doubt).href()
