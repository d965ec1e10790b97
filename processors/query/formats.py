"""An answer as a file. The one list of what it can be is FORMATS."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from processors.errors import InvalidQuestion
from processors.query.answer import Answer
from processors.query.dimensions import dimension
from processors.query.measures import MEASURES
from processors.query.question import BEFORE, TIME
from storage.untrusted_text import csv_for_spreadsheet

_ISO = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    name: str
    media_type: str
    render: Callable[[Answer], bytes]


def render_json(answer: Answer) -> bytes:
    """One object: the table that answered and why, the columns, and the rows; what is not known is null."""
    # A cell of a column of numbers cannot be None.
    rows = _with_times_as_text(answer.frame).astype(object)
    rows = rows.where(rows.notna(), None)
    window = answer.question.window
    document = {
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "table": answer.table,
        "reason": answer.reason,
        "since": answer.since.isoformat() if answer.since is not None else None,
        "columns": [{"name": name, **_described(name)} for name in map(str, answer.frame.columns)],
        "rows": rows.to_dict(orient="records"),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def render_csv(answer: Answer) -> bytes:
    """RFC 4180 in UTF-8, with a header; what is not known is empty."""
    text = _with_histograms_as_text(_with_times_as_text(answer.frame)).to_csv(
        index=False, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC
    )
    return csv_for_spreadsheet(text.encode())


def render_arrow(answer: Answer) -> bytes:
    """A stream of Arrow IPC; what is not known is null."""
    table = pa.Table.from_pandas(_with_histograms_as_text(answer.frame), preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


FORMATS: tuple[Format, ...] = (
    Format("json", "application/json", render_json),
    Format("csv", "text/csv", render_csv),
    Format("arrow", "application/vnd.apache.arrow.stream", render_arrow),
)


def format_named(name: str) -> Format:
    """The format of a name; raises InvalidQuestion."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise InvalidQuestion(f"An answer cannot be written as {name!r}; use {', '.join(each.name for each in FORMATS)}.")


def format_accepted(accept: str) -> Format:
    """The first format that an Accept header names; JSON where it names none."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((known for name in named for known in FORMATS if known.media_type == name), FORMATS[0])


def _described(name: str) -> dict[str, str]:
    if name == TIME:
        return {"kind": "time", "type": "datetime"}
    measure = MEASURES.get(name.removesuffix(BEFORE))
    if measure is not None and measure.is_histogram:
        return {"kind": "measure", "type": "histogram", "unit": measure.unit.value}
    if measure is not None:
        return {"kind": "measure", "type": "integer" if measure.is_whole else "number", "unit": measure.unit.value}
    return {"kind": "dimension", "type": "integer" if dimension(name).is_number else "string"}


def _with_times_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{TIME: frame[TIME].dt.strftime(_ISO)}) if TIME in frame else frame


def _with_histograms_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """With each histogram as an object in JSON."""
    names = [str(name) for name in frame if _described(str(name))["type"] == "histogram"]
    return frame.assign(**{name: frame[name].map(json.dumps) for name in names})
