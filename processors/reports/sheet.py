"""A report as an Excel workbook: the sheet Usage, and the sheet About that says what it counts."""

from io import BytesIO

import pandas as pd
from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from processors.reports.report import UsageReport
from processors.reports.usage import COUNTS, LATENCIES
from storage.untrusted_text import cell_of_workbook

_COUNT_FORMAT = "#,##0"
_LATENCY_FORMAT = "#,##0.0"
_MOMENT_FORMAT = "%Y-%m-%d %H:%M"

_NARROWEST, _WIDEST = 10, 60


def render_xlsx(report: UsageReport) -> bytes:
    """The workbook; text stays text, never a formula or a link, whatever it begins with."""
    file = BytesIO()
    # Rows go to disk as they are written: a million of them would be gigabytes in memory.
    with Workbook(file, {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": "Usage", "created": report.generated_at.replace(tzinfo=None)})
        _write_usage(workbook, workbook.add_worksheet("Usage"), report)
        _write_about(workbook, workbook.add_worksheet("About"), report)
    return file.getvalue()


def _write_usage(workbook: Workbook, sheet: Worksheet, report: UsageReport) -> None:
    bold = workbook.add_format({"bold": True})
    formats = _formats(workbook, report)
    columns = [str(column) for column in report.rows.columns]
    for position, column in enumerate(columns):
        sheet.set_column(position, position, _width(report, column))
        sheet.write_string(0, position, column, bold)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(report.rows), len(columns) - 1)
    for row, values in enumerate(report.rows.itertuples(index=False, name=None), start=1):
        for position, (column, value) in enumerate(zip(columns, values, strict=True)):
            _write(sheet, row, position, value, formats.get(column))
    _write_total(workbook, sheet, report)


def _write(
    sheet: Worksheet, row: int, position: int, value: str | int | float | pd.Timestamp | None, form: Format | None
) -> None:
    if isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, position, value.to_pydatetime().replace(tzinfo=None), form)
    elif isinstance(value, str):
        sheet.write_string(row, position, cell_of_workbook(value))
    elif pd.isna(value):
        sheet.write_blank(row, position, None, form)
    else:
        sheet.write_number(row, position, value, form)


def _write_total(workbook: Workbook, sheet: Worksheet, report: UsageReport) -> None:
    """Below the filtered range, so that sorting and filtering leave it where it is."""
    row = len(report.rows) + 1
    bold = workbook.add_format({"bold": True, "top": 1})
    bold_count = workbook.add_format({"bold": True, "top": 1, "num_format": _COUNT_FORMAT})
    total = report.total
    for position, column in enumerate(map(str, report.rows.columns)):
        if column in total:
            sheet.write_number(row, position, total[column], bold_count)
        elif position == 0:
            sheet.write_string(row, position, "Total", bold)
        else:
            sheet.write_blank(row, position, None, bold)


def _write_about(workbook: Workbook, sheet: Worksheet, report: UsageReport) -> None:
    bold = workbook.add_format({"bold": True})
    facts = {
        "From (included)": report.window.start.strftime(_MOMENT_FORMAT),
        "To (excluded)": report.window.end.strftime(_MOMENT_FORMAT),
        "Time zone": "UTC",
        "Period over": "yes" if report.complete else "no, more requests may come",
        "Dimensions": ", ".join(dimension.name for dimension in report.dimensions),
        "Filters": ", ".join(f"{name} = {value}" for name, value in report.filtered_by.items()) or "none",
        "Rows": f"{len(report.rows):,}",
        "Generated at": report.generated_at.strftime(_MOMENT_FORMAT),
        "Gatelens version": report.version,
    }
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, _WIDEST)
    for row, (name, value) in enumerate(facts.items()):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, value)


def _formats(workbook: Workbook, report: UsageReport) -> dict[str, Format]:
    count = workbook.add_format({"num_format": _COUNT_FORMAT})
    latency = workbook.add_format({"num_format": _LATENCY_FORMAT})
    times = {
        dimension.name: workbook.add_format({"num_format": dimension.sheet_format})
        for dimension in report.dimensions
        if dimension.is_time
    }
    return times | dict.fromkeys(COUNTS, count) | dict.fromkeys(LATENCIES, latency)


def _width(report: UsageReport, column: str) -> int:
    known = report.rows[column].dropna().astype(str)
    longest = known.str.len().max() if len(known) else 0
    return int(min(max(longest, len(column) + 4, _NARROWEST), _WIDEST))
