"""Who sends, by which input, and what was turned away."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from dashboards.absent import value_text
from dashboards.components.table import Column, Row, records, table
from dashboards.pages.ingest.sql_links import ledger_of
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.ingest.records import senders
from processors.query.answer import Answer

_MOST = 100


def inputs_panel(parts: PageParts) -> Panel:
    """What each receiver takes in."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {**asdict(one), "seen": context.times.ago(one.last_seen), "key": f"{one.receiver} {one.format}"}
            for one in parts.pipeline().inputs
        ]
        return table(
            context,
            "inputs",
            (
                Column("receiver", "Input"),
                Column("format", "Format"),
                Column("payloads_per_second", "Payloads", "rate", rank=2),
                Column("bytes_per_second", "Bytes", "bytes_rate"),
                Column("seen", "Last seen", numeric=True),
            ),
            rows,
            href=lambda row: ledger_of(context.view, str(row["format"])),
            empty="Nothing received since startup",
            page=10,
        )

    return Panel("inputs", "Inputs", draw, span=5, height=200, help="Rates of the last five minutes")


def senders_panel(parts: PageParts) -> Panel:
    """Whose telemetry it is."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = senders(parts.store, context.now)
        rows = [
            {
                **row,
                "seen": context.times.ago(row["last_seen"]),
                "key": f"{row['format']} {row['environment']} {row['gateway']}",
            }
            for row in records(found)
        ]
        return table(
            context,
            "senders",
            (
                Column("gateway", "Gateway", cell=lambda row: value_text("gateway", row["gateway"])),
                Column("environment", "Environment", rank=2),
                Column("format", "Format"),
                Column("per_second", "Records", "rate"),
                Column("seen", "Last seen", numeric=True),
            ),
            rows,
            href=lambda row: _of_gateway(context, row),
            empty="Nothing received in the last 15 minutes",
            page=10,
        )

    return Panel(
        "senders",
        "Senders",
        draw,
        span=7,
        height=200,
        help="Records of the last 15 minutes. A row opens the gateway",
    )


def _of_gateway(context: PageContext, row: Row) -> str:
    if not row["gateway"]:
        return context.view.to("/logs").href()
    return context.view.to("/gateways", str(row["gateway"])).only("environment", str(row["environment"])).href()


def refusals_panel(parts: PageParts) -> Panel:
    """What was turned away lately, and whose it was."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [_refusal(context, one) for one in parts.pipeline().refusals[:_MOST]]
        return table(
            context,
            "refusals",
            (
                Column("receiver", "Input"),
                Column("reason", "Reason"),
                Column("peer", "From", code=True),
                Column("count", "Times", "count"),
                Column("seen", "Last", numeric=True),
                Column("message", "Answer", rank=2),
            ),
            rows,
            empty="Nothing refused since startup",
            page=10,
        )

    return Panel(
        "refusals", "Refusals", draw, height=80, help="Since startup, by input, reason and address; latest first"
    )


def _refusal(context: PageContext, found: Mapping[str, Any]) -> Row:
    return {
        **found,
        "key": f"{found['receiver']} {found['reason']} {found['peer']}",
        "seen": context.times.ago(datetime.fromisoformat(str(found["last"]))),
    }
