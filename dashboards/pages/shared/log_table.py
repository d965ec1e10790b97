"""Runtime logs as a table."""

import pandas as pd

from dashboards.components.own import Table
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.state.context import PageContext

_TONES = {"FATAL": "bad", "ERROR": "bad", "WARN": "warning", "INFO": "info"}
_BODY_SHOWN = 400


def log_table(
    context: PageContext, panel: str, frame: pd.DataFrame, *, empty: str, note: str = "", page: int = 50
) -> Table:
    """The records of `find_logs`; one with a trace leads to it."""

    def lead(row: Row) -> str:
        return context.view.to("/traces", str(row["trace_id"])).href() if row["trace_id"] else ""

    return table(context, panel, _columns(context), records(frame), href=lead, empty=empty, note=note, page=page)


def _columns(context: PageContext) -> tuple[Column, ...]:
    return (
        Column("time", "Time", cell=lambda row: context.times.millisecond(row["time"])),
        Column("severity", "Severity", cell=severity_cell),
        Column("gateway", "Gateway", rank=1),
        Column("instance", "Instance", rank=2),
        Column("body", "Message", cell=_body, code=True),
    )


def severity_cell(row: Row) -> Cell:
    """With a glyph in its colour."""
    severity = str(row["severity"])
    return {"glyph": True, "tone": _TONES.get(severity, "neutral"), "text": severity or "–"}


def _body(row: Row) -> Cell:
    body = str(row["body"])
    return {"text": body if len(body) <= _BODY_SHOWN else f"{body[:_BODY_SHOWN]}…", "title": body}
