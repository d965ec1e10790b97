"""The segment ledger against the tables and the spool, as a running Gatelens compares them."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.spool.payload import Payload
from collector.spool.spool import Spool
from collector.writer.reconciliation import Reconciler, ReconciliationConfig
from collector.writer.reconciliation_progress import Progress, write_progress
from storage.errors import StoreUnavailable
from storage.store import Store
from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.spooling import MakeSpool
from tests.collector.rigs.storing import store_waiting, writer_of
from tests.collector.rigs.waiting import wait_until

_CONFIG = ReconciliationConfig(delay=0, interval=0.1)

Open = Callable[..., Reconciler]


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_rows_without_entries(store: Store) -> Iterator[None]:
    """What one test leaves would be a difference for the next."""
    yield
    without = (
        "startsWith(segment_id, 'reconciled-')"
        " AND segment_id NOT IN (SELECT segment_id FROM books WHERE startsWith(segment_id, 'reconciled-'))"
    )
    for table in ("requests", "dead_letters"):
        # Of what all tests have stored, the question costs less than a deletion that finds nothing.
        if store.rows(f"SELECT count() FROM {table} WHERE {without}") != [(0,)]:
            store.command(f"DELETE FROM {table} WHERE {without}")


@pytest.fixture
def progress(tmp_path: Path) -> Path:
    return tmp_path / "reconciliation.json"


@pytest.fixture
def spool(make_spool: MakeSpool) -> Spool:
    return make_spool()


@pytest.fixture
def reconciler(store: Store, spool: Spool, progress: Path) -> Reconciler:
    return Reconciler(store, spool, progress, _now, _CONFIG)


def _append(spool: Spool, segment_id: str, lines: int = 5, received: datetime | None = None) -> None:
    received_us = int((received or _now()).timestamp() * 1e6)
    body = json_lines(segment_id, range(lines)) + b"not a line\n"
    spool.append_segment(segment_id, [Payload("envoy_json", body, received_us, segment_id)])


def _listed(progress: Path) -> dict[str, tuple[int | None, int]]:
    document = json.loads(progress.read_text())
    return {one["segment_id"]: (one["records"], one["rows"]) for one in document["differences"]}


def test_what_is_stored_whole_balances(store: Store, spool: Spool, reconciler: Reconciler, progress: Path) -> None:
    for number in range(3):
        _append(spool, f"reconciled-whole-{number}")
    # Open while ClickHouse was away for hours, and for days.
    _append(spool, "reconciled-late", received=_now() - timedelta(hours=7))
    _append(spool, "reconciled-very-late", received=_now() - timedelta(days=5))
    store_waiting(store, spool)
    before = _now().timestamp()
    for _ in range(2):
        reconciler.reconcile()
    assert (reconciler.differences, reconciler.fault) == (0, "")
    assert reconciler.reconciled_at >= before
    assert _listed(progress) == {}


@pytest.mark.parametrize("table", ["requests", "dead_letters"])
def test_rows_that_vanish_from_a_table_are_found(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path, table: str
) -> None:
    segment_id = f"reconciled-gone-{table}"
    _append(spool, segment_id)
    store_waiting(store, spool)
    store.command(f"DELETE FROM {table} WHERE segment_id = '{segment_id}'")
    reconciler.reconcile()
    assert reconciler.differences == 0, "it may be being stored at that moment"
    reconciler.reconcile()
    assert reconciler.differences == 1
    rows = {"requests": 1, "dead_letters": 5}[table]
    assert f"Segment {segment_id} has 6 records in the ledger and {rows} rows in the tables" in reconciler.fault
    assert f"delete {progress}" in reconciler.fault
    assert _listed(progress) == {segment_id: (6, rows)}


def test_rows_without_an_entry_are_found(store: Store, spool: Spool, reconciler: Reconciler, progress: Path) -> None:
    for segment_id in ("reconciled-orphan", "reconciled-neighbour"):
        _append(spool, segment_id)
    store_waiting(store, spool)
    store.command("DELETE FROM books WHERE segment_id = 'reconciled-orphan'")
    for _ in range(2):
        reconciler.reconcile()
    assert _listed(progress) == {"reconciled-orphan": (0, 6)}


def test_a_segment_that_is_being_stored_is_no_difference(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    """A load that failed after the first table leaves rows without an entry, until it is tried again."""
    for segment_id in ("reconciled-half", "reconciled-other"):
        _append(spool, segment_id)
    half, other = spool.take(0), spool.take(0)
    assert other is not None
    assert half is not None
    writer = writer_of(store, spool)
    content = half.path.read_bytes()
    for segment in (other, half):
        writer.store(segment)
    store.command(f"DELETE FROM books WHERE segment_id = '{half.id}'")
    half.path.write_bytes(content)
    for _ in range(3):
        reconciler.reconcile()
    assert reconciler.differences == 0
    half.path.unlink()
    reconciler.reconcile()
    assert _listed(progress) == {half.id: (0, 6)}


def test_what_left_the_spool_unstored_is_found_at_once(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    _append(spool, "reconciled-lost")
    _append(spool, "reconciled-kept")
    store_waiting(store, spool)
    store.command("DELETE FROM books WHERE segment_id = 'reconciled-lost'")
    reconciler.lost("reconciled-lost")
    reconciler.lost("reconciled-kept")
    reconciler.reconcile()
    assert "Segment reconciled-lost has left the spool and is not in the ledger" in reconciler.fault
    assert _listed(progress)["reconciled-lost"] == (None, 0)
    assert "reconciled-kept" not in _listed(progress)


def test_the_writer_says_what_it_could_not_store(store: Store, spool: Spool) -> None:
    lost: list[str] = []
    _append(spool, "reconciled-unlinked")
    (waiting,) = spool._directory.glob("*reconciled-unlinked*")
    waiting.unlink()
    writer = writer_of(store, spool, lost.append)
    writer.start()
    try:
        wait_until(lambda: lost == ["reconciled-unlinked"])
    finally:
        writer.stop(drain=False)


def test_a_segment_that_vanished_while_nothing_ran_is_found(
    store: Store, make_spool: MakeSpool, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    for segment_id in ("reconciled-here", "reconciled-removed", "reconciled-stored"):
        _append(spool, segment_id)
    reconciler.start()
    reconciler.stop()
    spool.close()
    (removed,) = spool._directory.glob("*reconciled-removed*")
    removed.unlink()

    again = make_spool()
    restarted = Reconciler(store, again, progress, _now, _CONFIG)
    store_waiting(store, again)
    restarted.reconcile()
    assert _listed(progress) == {"reconciled-removed": (None, 0)}

    # Its owner puts it back.
    _append(again, "reconciled-removed")
    store_waiting(store, again)
    restarted.reconcile()
    assert (restarted.differences, _listed(progress)) == (0, {})


def test_a_segment_without_records_was_stored_too(
    store: Store, make_spool: MakeSpool, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    empty = Payload("otlp_traces_json", b'{"resourceSpans":[]}', int(_now().timestamp() * 1e6), "reconciled-empty")
    spool.append_segment("reconciled-empty", [empty])
    reconciler.reconcile()
    assert "reconciled-empty" in progress.read_text()
    # It is stored, and the process is killed before the next comparison.
    store_waiting(store, spool)
    spool.close()
    restarted = Reconciler(store, make_spool(), progress, _now, _CONFIG)
    restarted.reconcile()
    restarted.reconcile()
    assert (restarted.fault, _listed(progress)) == ("", {})


def test_what_is_no_segment_is_not_missed_when_it_is_moved_away(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    name = "01700000000000000000.envoy_json.reconciled"
    directory, loop = spool.directory / f"{name}-directory.ready", spool.directory / f"{name}-loop.open"
    directory.mkdir()
    loop.symlink_to(loop)
    (spool.directory / "notes.ready").write_text("not one of ours")
    reconciler.reconcile()
    assert json.loads(progress.read_text())["waiting"] == []
    # It does not keep the next process from starting either.
    assert Reconciler(store, spool, progress, _now, _CONFIG).fault == ""


def test_parts_take_the_place_of_a_segment(store: Store, spool: Spool, progress: Path) -> None:
    write_progress(progress, Progress(_now(), waiting=("reconciled-split", "reconciled-split-too")))
    reconciler = Reconciler(store, spool, progress, _now, _CONFIG)
    _append(spool, "reconciled-split~readable")
    store_waiting(store, spool)
    _append(spool, "reconciled-split-too~readable")
    reconciler.reconcile()
    assert reconciler.differences == 0


def test_differences_survive_a_restart_until_they_are_accepted(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    reconciler.lost("reconciled-forgotten")
    reconciler.reconcile()
    restarted = Reconciler(store, spool, progress, _now, _CONFIG)
    assert (restarted.differences, restarted.fault) == (1, reconciler.fault)
    restarted.reconcile()
    assert restarted.differences == 1
    progress.unlink()
    restarted.reconcile()
    assert (restarted.differences, restarted.fault) == (0, "")


def test_more_differences_than_can_be_listed_are_counted(
    store: Store, spool: Spool, reconciler: Reconciler, progress: Path
) -> None:
    for number in range(1100):
        reconciler.lost(f"reconciled-many-{number}")
    for _ in range(6):
        reconciler.reconcile()
    assert reconciler.differences == 1100
    assert "(1,099 more do not balance either)" in reconciler.fault
    assert len(_listed(progress)) == 1000


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"until": "yesterday"}', "\x00" * 64])
def test_damaged_progress_begins_anew(store: Store, spool: Spool, progress: Path, content: str) -> None:
    progress.write_text(content)
    reconciler = Reconciler(store, spool, progress, _now, _CONFIG)
    reconciler.reconcile()
    assert reconciler.differences == 0
    assert datetime.fromisoformat(json.loads(progress.read_text())["until"]) <= _now()


def test_an_outage_of_the_store_ends_nothing(
    store: Store, spool: Spool, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = store.rows, [StoreUnavailable("It is away."), RuntimeError("unforeseen")]

    def rows(*arguments: object) -> object:
        if failures:
            raise failures.pop(0)
        return real(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(store, "rows", rows)
    reconciler.start()
    try:
        wait_until(lambda: reconciler.reconciled_at > time.time() - 60)
    finally:
        reconciler.stop()
    assert failures == []
