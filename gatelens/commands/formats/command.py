"""What `gatelens formats` prints: what can be read, how it is recognised, how the beginning of a file would be read."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer

from collector.escape_path import escape_path
from collector.formats.closest import reach
from collector.formats.config import TransformConfig
from collector.formats.custom.known import known_formats
from collector.formats.descriptor import Format
from collector.formats.registry import Formats
from collector.formats.shapes import DEAD_LETTERS, LOGS, RECORDS, SAMPLES, SPANS, Shape
from collector.formats.shared.access import ACCESS_COLUMNS
from collector.formats.transform import transform
from collector.records.place import Part
from collector.spool.frame import encode
from collector.spool.payload import Payload
from gatelens.commands.file_head import first_parts
from gatelens.commands.log_format import log_format_of
from gatelens.configuration.config import load_config
from storage.errors import GatelensError
from storage.scratch import scratch_rows

# Not a format: what the SQL of one for an access log has to yield.
_ACCESS = "access"

# The columns of a row that are stored, by where it goes.
_STORED: Mapping[str, Shape] = MappingProxyType(
    {"requests": RECORDS, "logs": LOGS, "metrics": SAMPLES, "spans": SPANS, "dead_letters": DEAD_LETTERS}
)
# Of these nothing is the record's own.
_NOT_SHOWN = frozenset({"destination", "format", "segment_id", "ingested_at"})
_INDENT = " " * 3
_COLUMN_WIDTH = 16


def print_formats(config: Path | None) -> None:
    """Each format, and what its records become."""
    formats = _formats(config)
    width = max(map(len, formats.ingestible))
    for name, known in formats.ingestible.items():
        typer.echo(f"{name:{width}}  {', '.join(known.becomes):14}  {known.summary}")


def print_format(name: str, config: Path | None) -> None:
    """How a format is recognised and read, or the columns that every access log is read into."""
    rows = _access_columns() if name == _ACCESS else _described(_known(name, config))
    listed = list(rows)
    width = max(len(label) for label, _ in listed)
    for label, value in listed:
        typer.echo(f"{label:{width}}  {value}")


def print_statement(name: str, config: Path | None) -> None:
    """The SELECT that makes rows of a segment of a format."""
    typer.echo(transform(_known(name, config), "segment", Path("segment"), TransformConfig()).statement)


def print_first_records(file: Path, format_name: str, log_format: str, lines: int, config: Path | None) -> None:
    """How the first lines of a file would be read, field by field; nothing is stored."""
    given = [log_format_of(log_format)] if log_format else []
    formats = known_formats((*load_config(config).formats, *given))
    name = given[0].name if given else format_name
    found = first_parts(file, lines, formats, name)
    for known in {part.format: formats[part.format] for part in found}.values():
        typer.echo(f"{escape_path(file)}: {known.name}, {known.summary}")
    rows = [(formats[part.format], row) for part in found for row in _rows(formats[part.format], part)]
    for number, (known, row) in enumerate(rows, 1):
        typer.echo(f"\n{number}  {row['destination'].replace('_', ' ')}")
        for column, value in (*_fields(row), *_where_it_ends(known, row)):
            lines_of_value = value.replace("\n", f"\n{_INDENT}{'':{_COLUMN_WIDTH}}  ")
            typer.echo(f"{_INDENT}{column:{_COLUMN_WIDTH}}  {lines_of_value}")


def _formats(config: Path | None) -> Formats:
    return known_formats(load_config(config).formats)


def _known(name: str, config: Path | None) -> Format:
    formats = _formats(config)
    known = formats.ingestible.get(name)
    if known is None:
        raise GatelensError(f"Format {name!r} is not known; use one of {', '.join(formats.ingestible)}.")
    return known


def _access_columns() -> Iterator[tuple[str, str]]:
    for column in ACCESS_COLUMNS:
        kind = f"{column.type} or NULL" if column.is_nullable else column.type
        yield column.name, f"{kind:20}  {column.meaning}"


def _described(known: Format) -> Iterator[tuple[str, str]]:
    yield "name", known.name
    yield "summary", known.summary
    yield "becomes", ", ".join(known.becomes)
    yield "payload", "text" if known.is_text else f"Protobuf, {known.schema.name}"
    if known.line is not None:
        yield "first line", known.line.pattern
    if known.first_line:
        yield "each record", known.first_line
    if known.record is not None:
        yield "keys", ", ".join(sorted(known.record.keys))
    if known.source_types:
        yield "source types", ", ".join(known.source_types)
    yield "layers", ", ".join(f"{layer.parent.name}/{layer.name}" for layer in known.layers)


def _rows(known: Format, part: Part) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="gatelens-formats-") as directory:
        segment = Path(directory) / "segment"
        payload = Payload(
            known.name, part.body, time.time_ns() // 1000, gateway=part.place.gateway, peer=part.place.instance
        )
        segment.write_bytes(encode(payload))
        of = transform(known, "none", segment, TransformConfig())
        return scratch_rows(of.statement, of.schema)


def _where_it_ends(known: Format, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Up to where a line of text that is a dead letter fits its format."""
    if row["destination"] == "dead_letters" and (near := reach(known, row["raw"])):
        yield "fits up to", f"column {near.column}, but not: {near.rest}"


def _fields(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A record's fields; NULL where it has none, as 0 would be a value."""
    stored = [column for column in _STORED[row["destination"]].columns if column not in _NOT_SHOWN]
    for column in stored:
        value = row.get(column)
        if value is None:
            yield column, "unknown"
        elif isinstance(value, dict):
            yield from ((key, str(member)) for key, member in value.items())
        elif value not in ("", [], 0):
            yield column, str(value)
