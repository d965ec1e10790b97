"""Single requests as columns."""

from dashboards.components.table import Cell, Column, Row
from dashboards.state.context import PageContext
from processors.query.absent import NO_ROUTE

_PATH_SHOWN = 80


def request_columns(context: PageContext) -> tuple[Column, ...]:
    """Of the rows of `find_requests`; the least important give way first."""
    return (
        Column("time", "Time", cell=lambda row: context.times.millisecond(row["time"]), sort="time"),
        Column("status", "Status", cell=_status, sort="status", numeric=True),
        Column("method", "Method", rank=1),
        Column("path", "Path", code=True, cell=_path),
        Column("api", "API", cell=lambda row: str(row["api"]) or NO_ROUTE, rank=1),
        Column("gateway", "Gateway", rank=2),
        Column("duration_ms", "Duration", "ms", sort="duration_ms"),
        Column("upstream_ms", "Upstream", "ms", rank=3),
        Column("consumer", "Consumer", rank=2),
        Column("fault", "Cause", cell=lambda row: {"tags": [row["fault"]]} if row["fault"] else "", rank=2),
        Column("response_flags", "Flags", code=True, rank=4),
        Column("response_bytes", "Sent", "bytes", rank=4, sort="response_bytes"),
    )


def _status(row: Row) -> Cell:
    status = int(row["status"])
    tone = "bad" if status >= 500 or not status else "warning" if status >= 400 else "good"
    return {"glyph": True, "tone": tone, "text": str(status) if status else "no answer"}


def _path(row: Row) -> Cell:
    path = str(row["path"])
    return {"text": path if len(path) <= _PATH_SHOWN else f"{path[:_PATH_SHOWN]}…", "title": path}
