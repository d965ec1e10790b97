"""The numbers behind a panel as a file, and the SQL that they came from; rows that a browser shows as a workbook."""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from fastapi.responses import Response

from dashboards.errors import NoSuchPanel
from dashboards.site.copies import definition_of
from dashboards.state.view import View
from processors.custom_dashboards.additions import panel_yaml
from processors.query.answer import Answer
from storage.errors import GatelensError
from storage.untrusted_text import cell_of_workbook, csv_for_spreadsheet

if TYPE_CHECKING:
    from dashboards.site.pages import Site

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Text stays text, whatever it begins with: clients have sent it.
_AS_TEXT = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}


def panel_file(site: "Site", view: View, name: str, kind: str) -> Response:
    """`kind` is 'csv', 'xlsx', 'sql', or 'yaml', the panel as one of a dashboard.

    Raises NoSuchPanel, and what the questions raise.
    """
    page = site.page_at(view.path)
    panel = next((one for one in page.panels(view) if one.id == name), None) if page else None
    if panel is None or kind not in ("csv", "xlsx", "sql", "yaml"):
        raise NoSuchPanel(f"There is no {kind} of a panel {name!r} on {view.path}; reload the page.")
    if kind == "yaml":
        definition = definition_of(panel, site.context(view))
        if definition is None:
            raise NoSuchPanel(f"The panel {panel.title!r} asks more than one question; write those you want as YAML.")
        return Response(panel_yaml(definition), media_type="text/plain; charset=utf-8")
    answers = site.panel_answers().ask([panel], site.context(view))[name]
    if isinstance(answers, GatelensError):
        raise answers
    if kind == "sql":
        return Response(";\n\n".join(dict.fromkeys(answer.sql for answer in answers)), media_type="text/plain")
    file_name = f"gatelens-{name}.{kind}"
    content = _csv(answers) if kind == "csv" else _sheets([answer.frame for answer in answers])
    media_type = "text/csv; charset=utf-8" if kind == "csv" else _XLSX
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{file_name}"'}
    )


def workbook(rows: Sequence[Sequence[str | float | None]]) -> Response:
    """Rows of one length, the first of them the headings, as one sheet."""
    heading, *cells = rows
    names = ["" if name is None else str(name) for name in heading]
    return Response(_sheets([pd.DataFrame(cells, columns=names)]), media_type=_XLSX)


def _csv(answers: Sequence[Answer]) -> bytes:
    """One table after the other, an empty line between."""
    tables = "\n".join(answer.frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC) for answer in answers)
    return csv_for_spreadsheet(tables.encode())


def _sheets(frames: Sequence[pd.DataFrame]) -> bytes:
    output = io.BytesIO()
    with pd.ExcelWriter(output, engine="xlsxwriter", engine_kwargs=_AS_TEXT) as writer:
        for number, found in enumerate(frames, start=1):
            frame = found.copy()
            # By number: several may have one name, which would then stand for all of them.
            frame.columns = pd.RangeIndex(len(found.columns))
            # Excel knows no time zones.
            for column in frame.select_dtypes(include=["datetimetz"]).columns:
                frame[column] = frame[column].dt.tz_convert("UTC").dt.tz_localize(None)
            for column in frame.select_dtypes(include=["object", "str"]).columns:
                frame[column] = frame[column].map(_cell)
            names = [cell_of_workbook(str(name)) for name in found.columns]
            frame.to_excel(writer, sheet_name=f"Table {number}", index=False, header=names)
    return output.getvalue()


def _cell(value: object) -> object:
    return cell_of_workbook(value) if isinstance(value, str) else value
