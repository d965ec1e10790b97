"""What `gatelens names` prints: which rule of the configuration names what."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from collector.escape_path import escape_path
from collector.formats.config import TransformConfig
from collector.formats.custom.known import known_formats
from collector.formats.descriptor import Format
from collector.formats.shared.extra_fields import name_alone
from collector.formats.transform import explanation
from collector.records.place import Part
from collector.spool.frame import encode
from collector.spool.payload import Payload
from gatelens.commands.file_head import first_parts
from gatelens.configuration.config import load_config
from storage.scratch import scratch_rows

_TARGETS = ("environment", "gateway", "instance", "api", "api_version", "consumer")
_NO_RULE = "no rule"


def print_rules(config: Path | None) -> None:
    """The rules in the order in which they are tried."""
    rules = load_config(config).collector.transforms.names
    for number, rule in enumerate(rules, 1):
        typer.echo(f"{number:3}  {rule}")
    if not rules:
        typer.echo("There are no naming rules: collector.transforms.names in the configuration; docs/naming.md.")


def print_names(file: Path, format_name: str, tag: str, lines: int, config: Path | None) -> None:
    """What the first lines of a file would be called, and by which rule; nothing is stored."""
    settings = load_config(config)
    transforms, formats = settings.collector.transforms, known_formats(settings.formats)
    parts = first_parts(file, lines, formats, format_name)
    sender = f"./tag:{tag}" if tag else f".{escape_path(file.absolute())}"
    rows = [row for part in parts for row in _rows(formats[part.format], part, sender, transforms)]
    names = ", ".join(dict.fromkeys(name_alone(part.format) for part in parts))
    typer.echo(f"{escape_path(file)}: {names}, {len(rows):,} records")
    for target in _TARGETS:
        _show(target, rows, transforms)


def _show(target: str, rows: Sequence[Mapping[str, Any]], transforms: TransformConfig) -> None:
    found = Counter((row[target], row["named_by"].get(target, 0)) for row in rows if target in row)
    for number, ((name, rule), count) in enumerate(found.most_common()):
        by = f"rule {rule}: {transforms.names[rule - 1]}" if rule else _NO_RULE
        typer.echo(f"{'' if number else target:12}  {name or '(none)':32}  {count:7,}  {by if name else ''}".rstrip())
    unused = _unused(target, rows, transforms)
    if found and unused:
        typer.echo(f"{'':12}  no record was named by {', '.join(unused)}")


def _unused(target: str, rows: Sequence[Mapping[str, Any]], transforms: TransformConfig) -> list[str]:
    used = {row["named_by"].get(target, 0) for row in rows}
    return [
        f"rule {number}"
        for number, rule in enumerate(transforms.names, 1)
        if rule.target == target and number not in used
    ]


def _rows(known: Format, part: Part, sender: str, transforms: TransformConfig) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="gatelens-names-") as directory:
        segment = Path(directory) / "segment"
        peer = part.place.instance or sender
        payload = Payload(known.name, part.body, time.time_ns() // 1000, gateway=part.place.gateway, peer=peer)
        segment.write_bytes(encode(payload))
        of = explanation(known, "none", segment, transforms)
        return list(_readable_rows(scratch_rows(of.statement, of.schema)))


def _readable_rows(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of what could be read, with the columns that they are stored with."""
    for row in rows:
        if row["destination"] == "logs":
            yield {name: value for name, value in row.items() if name not in ("api", "api_version", "consumer")}
        elif row["destination"] != "dead_letters":
            yield row
