"""What a gateway logs about itself."""

from collections.abc import Sequence

from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.pages.gateways.scope import instance_filter
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.resources.runtime_logs import runtime_logs

_MOST = 200
_LONGEST = 2_000
_TONES = {"FATAL": "bad", "ERROR": "bad", "WARN": "warning"}


def logs_panel(parts: PageParts) -> Panel:
    """The newest lines."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = runtime_logs(parts.store, context.window, instance_filter(context), _MOST)
        rows = [
            {**row, "shown": context.times.second(row["time"].to_pydatetime()), "body": str(row["body"])[:_LONGEST]}
            for row in records(found)
        ]
        note = f"The newest {_MOST}; choose a shorter range to see others" if len(rows) == _MOST else ""
        return table(context, "runtime-logs", _COLUMNS, rows, empty="No log lines in this range", note=note)

    return Panel("runtime-logs", "Runtime logs", draw, height=160)


def _severity(row: Row) -> Cell:
    severity = str(row["severity"])
    tone = _TONES.get(severity)
    return {"text": severity, "tone": tone, "glyph": True} if tone else severity


_COLUMNS = (
    Column("shown", "Time"),
    Column("severity", "Severity", cell=_severity, rank=1),
    Column("instance", "Instance", rank=2),
    Column("body", "Message", code=True, wraps=True),
)
