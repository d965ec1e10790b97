"""What each format becomes: tests/golden/<format>/<case>.in against the rows in <case>.json.

To accept new rows, set GATELENS_UPDATE_GOLDEN=1, run this file, and read the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.inputs.golden_cases import CASES, PEER, RECEIVED_AT, Case, rows_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rows_of_a_payload(store: Store, tmp_path: Path, case: Case) -> None:
    known, segment = FORMATS[case.format], f"golden-{case.name.replace('/', '-')}"
    received_at_us = int(RECEIVED_AT.timestamp() * 1_000_000)
    frame = encode(Payload(known.name, case.body(), received_at_us, "golden", peer=PEER))
    file = tmp_path / "segment.ready"
    file.write_bytes(frame)

    of = transform(known, segment, file, TransformConfig())
    store.load(of.statement, of.table, of.columns, segment, of.schema)

    rows = rows_of(store, segment)
    if os.environ.get("GATELENS_UPDATE_GOLDEN"):
        case.expected.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    assert rows == case.rows()
    assert all(row.get("body") for row in rows if row["table"] == "dead_letters")
    counted = store.rows("SELECT sum(records) FROM books WHERE segment_id = {segment:String}", {"segment": segment})
    assert counted == [(len(rows),)]


def test_every_format_has_golden_samples() -> None:
    assert {case.format for case in CASES} >= set(FORMATS.ingestible)


@pytest.mark.parametrize("known", list(FORMATS), ids=lambda known: known.name)
def test_a_format_becomes_nothing_but_what_it_says(known: Format) -> None:
    found = {row["table"] for case in CASES if case.format == known.name for row in case.rows()}
    assert found - {"dead_letters"} <= set(known.becomes)
