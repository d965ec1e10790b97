"""A report as a file. The one list of what it can be is RENDERERS."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from processors.errors import InvalidReport
from processors.reports.report import UsageReport
from processors.reports.sheet import render_xlsx
from storage.untrusted_text import for_spreadsheet


@dataclass(frozen=True)
class Renderer:
    """A kind of file; its name is the ending of the file, too."""

    name: str
    media_type: str
    render: Callable[[UsageReport], bytes]


def render_csv(report: UsageReport) -> bytes:
    """RFC 4180 in UTF-8, with a header; no total, so that programs can sum and join it."""
    shown = report.rows.assign(**_shown_dimensions(report))
    for dimension in report.dimensions:
        if not dimension.is_time:
            shown[dimension.name] = shown[dimension.name].map(for_spreadsheet)
    return shown.to_csv(index=False, lineterminator="\r\n").encode()


def render_json(report: UsageReport) -> bytes:
    """One object: what was asked, `rows`, and `total`."""
    rows = report.rows.assign(**_shown_dimensions(report)).astype(object)
    # JSON has no NaN: latencies that no gateway reports are null.
    rows = rows.where(rows.notna(), None)
    document = {
        "from": report.window.start.isoformat(),
        "to": report.window.end.isoformat(),
        "complete": report.complete,
        "dimensions": [dimension.name for dimension in report.dimensions],
        "filters": report.filtered_by,
        "generated_at": report.generated_at.isoformat(timespec="seconds"),
        "gatelens_version": report.version,
        "total": report.total,
        "rows": rows.to_dict(orient="records"),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"


RENDERERS: tuple[Renderer, ...] = (
    Renderer("csv", "text/csv; charset=utf-8", render_csv),
    Renderer("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render_xlsx),
    Renderer("json", "application/json", render_json),
)


def renderer(name: str) -> Renderer:
    """The renderer of this name; raises InvalidReport."""
    for known in RENDERERS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in RENDERERS)
    raise InvalidReport(f"A report cannot be written as {name!r}; use any of {names}.")


def _shown_dimensions(report: UsageReport) -> dict[str, "pd.Series[str]"]:
    return {
        dimension.name: report.rows[dimension.name].map(lambda moment, form=dimension.strftime: moment.strftime(form))
        for dimension in report.dimensions
        if dimension.is_time
    }
