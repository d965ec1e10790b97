"""What became of what came in: the ledger, and what is kept of it."""

from collections.abc import Callable, Sequence

import pandas as pd

from dashboards import formats
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.pages.ingest.sql_links import ledger_of, rows_of
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.storage_use.report import storage_report

# The ledger of a refresh, from which several panels are drawn.
FindLedger = Callable[[PageContext], pd.DataFrame]


def ledger_panel(find_ledger: FindLedger) -> Panel:
    """Records that were read against rows that were stored, by format."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [{**row, "key": row["format"]} for row in records(find_ledger(context))]
        return table(
            context,
            "ledger",
            _LEDGER,
            rows,
            href=lambda row: ledger_of(context.view, str(row["format"])),
            empty="Nothing was received in this range",
        )

    return Panel(
        "ledger", "Ledger by format", draw, height=160,
        help="For each segment the ledger keeps how many records were read and what became of them. Lag is the 95th "
        "percentile from the arrival until rows can be queried",
    )  # fmt: skip


def _balance(row: Row) -> Cell:
    is_even = row["records"] == row["filed"]
    return {"glyph": True, "tone": "good" if is_even else "bad", "text": "balances" if is_even else "differs"}


def _left(row: Row) -> Cell:
    left = row["dead_letters"] - row["read_again"]
    return {"text": formats.show("count", left), "tone": "warning" if left else "neutral"}


_LEDGER = (
    Column("format", "Format"),
    Column("records", "Read", "count"),
    Column("requests", "Requests", "count", rank=1),
    Column("logs", "Log records", "count", rank=2),
    Column("metrics", "Samples", "count", rank=2),
    Column("spans", "Spans", "count", rank=2),
    Column("left", "Dead letters", cell=_left, numeric=True),
    Column("read_again", "Read again", "count", rank=3),
    Column("lag_p95", "Lag", "ms", rank=3),
    Column("segments", "Segments", "count", rank=4),
    Column("balance", "Balance", cell=_balance),
)


def storage_panel(parts: PageParts) -> Panel:
    """What is stored, and for how long there is room."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        report = storage_report(parts.store, context.now)
        left = (
            ""
            if report.days_left is None
            else f", enough for {report.days_left:,.0f} days at {formats.show('bytes', report.bytes_per_day)} a day"
        )
        note = f"{formats.show('bytes', report.bytes)} in all, {formats.show('bytes', report.free_bytes)} free{left}"
        rows = [
            {
                "key": one.name,
                "name": one.name,
                "rows": one.rows,
                "bytes": one.bytes,
                "bytes_per_row": one.bytes_per_row,
                "compression": one.compression,
                "oldest": "" if one.oldest is None else context.times.minute(one.oldest),
            }
            for one in report.tables
            if one.rows
        ]
        return table(
            context, "storage", _STORAGE, rows, href=lambda row: rows_of(context.view, str(row["name"])),
            empty="Nothing is stored yet", note=note, page=12,
        )  # fmt: skip

    return Panel("storage", "Storage", draw, span=8, height=200)


_STORAGE = (
    Column("name", "Table", code=True),
    Column("rows", "Rows", "count"),
    Column("bytes", "Size", "bytes"),
    Column("bytes_per_row", "Bytes per row", "bytes", rank=2),
    Column("compression", "Compression", "plain", rank=3),
    Column("oldest", "Oldest", numeric=True, rank=1),
)


def rollups_panel(parts: PageParts) -> Panel:
    """How far the rollups are that are filled in the background."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {"key": name, "name": name, "waiting": waiting, "is_daily": name.endswith("_1d")}
            for name, waiting in parts.pipeline().rollups_waiting.items()
        ]
        return table(
            context,
            "rollups",
            (Column("name", "Rollup", code=True), Column("waiting", "Still to fill", cell=_waiting, numeric=True)),
            rows,
            empty="Not known yet: the first check is still running",
        )

    return Panel(
        "rollups", "Rollups", draw, span=4, height=200,
        help="Past hours and days still to be filled in, newest first",
    )  # fmt: skip


def _waiting(row: Row) -> Cell:
    count = row["waiting"]
    if not count:
        return {"text": "complete", "tone": "good", "glyph": True}
    return f"{count:,} {'day' if row['is_daily'] else 'hour'}{'' if count == 1 else 's'}"
