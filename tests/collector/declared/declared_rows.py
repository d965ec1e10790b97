"""What a declared format makes of lines, through the real store."""

import itertools
from pathlib import Path
from typing import Any

from collector.formats.config import TransformConfig
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.descriptor import declared
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.inputs.golden_cases import PEER, RECEIVED_AT, rows_of

_NUMBERS = itertools.count()


def declared_rows(
    store: Store, directory: Path, definition: dict[str, Any], *lines: str, gateway: str = ""
) -> list[dict[str, Any]]:
    """The rows of lines under a definition, by default named `edge`; each with its table, without what says nothing."""
    known = declared(FormatDefinition.model_validate({"name": "edge", **definition}))
    segment, file = f"declared-{next(_NUMBERS)}", directory / "segment.ready"
    body = "\n".join(lines).encode("utf-8", "surrogateescape")
    received_at_us = int(RECEIVED_AT.timestamp() * 1_000_000)
    file.write_bytes(encode(Payload(known.name, body, received_at_us, "declared", gateway, peer=PEER)))
    made = transform(known, segment, file, TransformConfig(time_zone="Europe/Berlin"))
    store.load(made.statement, made.table, made.columns, segment, made.schema)
    return rows_of(store, segment)
