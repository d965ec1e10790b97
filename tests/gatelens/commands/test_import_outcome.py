"""What an import says of a file: its rows as soon as it is stored, and that some of it waits where it does."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.progress import Progress

from collector.importer.block import ImportSummary
from collector.writer.segment_ledger import Segments
from gatelens.commands.import_logs import job
from gatelens.commands.import_logs.job import Import, run_import
from gatelens.commands.import_logs.outcome import Imported, outcome
from gatelens.data_directory.directory import DataDirectory
from storage.errors import GatelensError
from storage.store import Store

_SUMMARY = ImportSummary("combined", 210_000, ["a", "b"])


def _found(waiting: int, **rows: int) -> Segments:
    return Segments(["segment"], ["segment"] * waiting, {"requests": 0, "dead_letters": 0} | rows)


@pytest.mark.parametrize(
    ("summary", "rows", "is_waiting", "told"),
    [
        (_SUMMARY, {"requests": 1000, "dead_letters": 2}, False, "1,000 requests, 2 dead letters, 210,000 bytes"),
        (_SUMMARY, {"logs": 1, "dead_letters": 1}, False, "1 log, 1 dead letter, 210,000 bytes"),
        (_SUMMARY, {"requests": 0, "dead_letters": 0}, False, "no records, 210,000 bytes"),
        (_SUMMARY, {"requests": 7}, True, "7 requests, 210,000 bytes, not all of it is stored yet"),
        (_SUMMARY, {"requests": 0}, True, "210,000 bytes, not all of it is stored yet"),
        (
            ImportSummary("combined", 1, ["a", "b"], 1), {"requests": 9}, False,
            "9 requests, 1 byte, 1 of 2 blocks stored already",
        ),
    ],
)  # fmt: skip
def test_what_is_told(summary: ImportSummary, rows: dict[str, int], is_waiting: bool, told: str) -> None:
    assert str(Imported(summary, Counter(rows), is_waiting)) == f"combined, {told}"


def test_an_empty_file_has_nothing_in_it() -> None:
    assert str(Imported(ImportSummary(""), Counter(), False)) == "nothing in it"


def test_rows_of_all_blocks_are_added_up_when_they_are_stored() -> None:
    looks: dict[str, Iterator[Segments]] = {
        "a": iter([_found(1), _found(2, requests=3), _found(0, requests=5)]),
        "b": iter([_found(0, requests=2, dead_letters=1)]),
    }
    found = outcome(_SUMMARY, lambda segment_id: next(looks[segment_id]), lambda: False, lambda sql: [])
    assert found == Imported(_SUMMARY, Counter({"requests": 7, "dead_letters": 1}), False)


def test_patience_that_is_over_is_over_for_all_blocks() -> None:
    blocks = {"a": _found(1, requests=3), "b": _found(1)}
    answers = iter([False, True, True])
    found = outcome(_SUMMARY, blocks.__getitem__, lambda: next(answers), lambda sql: [])
    assert found == Imported(_SUMMARY, Counter(requests=3), True)


def test_a_block_that_is_stored_in_parts_is_stored_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "load_memory", 32 << 20)
    # A process can open only one.
    monkeypatch.setattr(job, "connect", lambda dsn, memory, readable: store)
    monkeypatch.setattr(store, "close", lambda: None)
    log = tmp_path / "access.log"
    log.write_bytes(b"{}\n" * 100_000)
    data = tmp_path / "data"
    [found] = run_import(Import([log], "envoy_json", "import-parts"), data, Progress(disable=True))
    assert str(found) == "envoy_json, 100,000 dead letters, 300,000 bytes"
    assert isinstance(found, Imported)
    [block] = found.summary.segment_ids
    parts = store.rows("SELECT segment_id FROM books WHERE startsWith(segment_id, {id:String})", {"id": block})
    assert f"{block}~0" in {name for (name,) in parts}
    assert list(DataDirectory(data).spool.iterdir()) == []


def test_a_log_is_stored_though_nothing_more_is_answered() -> None:
    def ask(sql: str) -> list[dict[str, str]]:
        raise GatelensError("Too many queries wait; try again.")

    found = outcome(_SUMMARY, lambda segment_id: _found(0, requests=3), lambda: False, ask)
    assert str(found) == "combined, 6 requests, 210,000 bytes"
    assert found.notes == ["     no more can be said of its rows: Too many queries wait; try again."]
    assert found.as_json()["fault"] == "Too many queries wait; try again."
