"""What is wrong with the pipeline is said, the worst first, and what is right is not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from processors.ingest.pipeline import CameIn, Input, Pipeline, Severity, troubles
from processors.ingest.records import shown

_GIB = 1 << 30
_WELL = Pipeline(
    inputs=[Input("http", "json", 2.0, 1024.0, datetime(2026, 5, 1, tzinfo=UTC))],
    lag_seconds=1.0,
    spool_bytes=_GIB // 100,
    spool_capacity=_GIB,
)


def _kinds(pipeline: Pipeline, *came_in: CameIn) -> list[tuple[str, str]]:
    return [(one.kind, str(one.severity)) for one in troubles(pipeline, came_in)]


def test_where_all_is_well_nothing_is_said() -> None:
    assert _kinds(_WELL, CameIn("json", 10_000, 9), CameIn("combined", 5, 5)) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"lag_seconds": 61.0}, [("lag", "warning")]),
        ({"lag_seconds": 601.0}, [("lag", "bad")]),
        ({"writer_fault": "no room"}, [("writer", "bad")]),
        ({"ledger_fault": "5 records are missing."}, [("ledger", "bad")]),
        ({"spool_bytes": _GIB * 6 // 10}, [("spool", "warning")]),
        ({"file_faults": ["orders.yaml cannot be used"]}, [("files", "warning")]),
        ({"spool_bytes": _GIB * 95 // 100}, [("spool", "bad")]),
        ({"spool_bytes": _GIB // 2, "lag_seconds": 3_600.0}, [("lag", "bad"), ("spool", "warning")]),
    ],
    ids=str,
)  # fmt: skip
def test_each_fault_is_said(changes: dict[str, object], found: list[tuple[str, str]]) -> None:
    assert _kinds(replace(_WELL, **changes)) == found  # type: ignore[arg-type]


def test_a_spool_that_is_soon_full_is_bad_whatever_is_left_of_it() -> None:
    fast = replace(_WELL, spool_bytes=_GIB * 6 // 10, inputs=[replace(_WELL.inputs[0], bytes_per_second=_GIB / 3600)])
    assert fast.seconds_until_full == pytest.approx(1_440, rel=0.01)
    assert _kinds(fast) == [("spool", "bad")]
    assert replace(fast, inputs=[]).seconds_until_full is None


def test_formats_that_cannot_be_parsed_are_named_the_worst_first() -> None:
    found = troubles(_WELL, [CameIn("json", 1_000, 30), CameIn("shop", 100, 100), CameIn("flex", 10**6, 500)])
    assert [(one.severity, one.text) for one in found] == [
        (Severity.BAD, "100% of shop could not be parsed: 100 of 100 records"),
        (Severity.WARNING, "3% of json could not be parsed: 30 of 1,000 records"),
    ]


@pytest.mark.parametrize(
    ("data", "is_cut", "text"),
    [
        (b"GET /a\tb\r", False, "GET /a\\tb\\r"),
        (b"\x1b[31mred\xff", False, "\\x1b[31mred\\xff"),
        ("für".encode()[:-2], True, "f …"),
        (b"\x00\xfe\xe2", True, "\\x00\\xfe\\xe2 …"),
        ("a\u202eb".encode(), False, "a\\u202eb"),
    ],
)
def test_a_sample_is_one_line_of_text_that_steers_nothing(data: bytes, is_cut: bool, text: str) -> None:
    assert shown(data, is_cut=is_cut) == text
