"""What an import finds in the rows that it has made, and what it says about it."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.progress import Progress

from collector.importer.block import ImportSummary
from collector.importer.findings import Findings, Reason, findings
from gatelens.commands.import_logs import job
from gatelens.commands.import_logs.job import Import, run_import
from gatelens.commands.import_logs.outcome import Imported
from storage.store import Store
from tests.collector.rigs.access_logs import json_line


def _combined(at: datetime) -> bytes:
    return f'192.0.2.7 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 10 "-" "curl"\n'.encode()


@pytest.fixture
def own_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """That of the tests, where a command would open its own: a process can open only one."""
    monkeypatch.setattr(job, "connect", lambda dsn, memory, readable: store)
    monkeypatch.setattr(store, "close", lambda: None)
    return store


def _imported(log: Path, environment: str, *, keep_time: bool = False) -> Imported:
    job = Import([log], environment=environment, keep_time=keep_time)
    [found] = run_import(job, log.parent / "data", Progress(disable=True))
    assert isinstance(found, Imported), found
    return found


def _mixed(directory: Path) -> Path:
    now = datetime.now(UTC)
    log = directory / "access.log"
    log.write_bytes(
        b"".join(json_line(f"timed-{number}") for number in range(5))
        + _combined(now) * 3
        + _combined(now - timedelta(days=400))
        + _combined(datetime(2025, 2, 10, 21, tzinfo=UTC))
        + _combined(now + timedelta(days=2))
        + b'192.0.2.7 - - [broken] "GET /\x1b[31m HTTP/1.1"\n' * 4
        + b'{"response_code": 200, "start_time": broken\n' * 2
    )
    return log


@pytest.mark.usefixtures("own_store")
def test_what_is_odd_in_the_rows_is_reported(tmp_path: Path) -> None:
    found = _imported(_mixed(tmp_path), "import-odd")
    told = found.findings
    assert set(told.formats) == {"envoy_json", "combined", "json"}
    assert {table: count for table, count in found.rows.items() if count} == {"requests": 11, "dead_letters": 6}
    assert (told.without_duration, told.older_than_retention, told.ahead_of_clock) == (6, 2, 1)
    assert told.oldest.startswith("2025-02-10 21:00:00")
    assert sum(reason.count for reason in told.dead_letters) == 6
    assert max(told.dead_letters, key=lambda reason: reason.count).example.startswith("192.0.2.7 - - [broken]")
    # A second look finds the same in what was stored before.
    again = _imported(tmp_path / "access.log", "import-odd")
    assert (again.summary.blocks_known, again.findings) == (1, told)


def test_events_keep_their_time_where_it_is_asked_for(own_store: Store, tmp_path: Path) -> None:
    log = _mixed(tmp_path)
    found = _imported(log, "import-kept", keep_time=True)
    assert (found.findings.older_than_retention, found.findings.ahead_of_clock) == (0, 1)
    sql = (
        "SELECT min(time)::String, countIf(time < now() - INTERVAL 9 DAY) FROM requests WHERE environment = {e:String}"
    )
    assert own_store.rows(sql, {"e": "import-kept"}) == [("2025-02-10 21:00:00.000000", 2)]
    sql = "SELECT toUInt64(sum(requests)) FROM api_1h WHERE environment = {e:String} AND hour < now() - INTERVAL 90 DAY"
    assert own_store.rows(sql, {"e": "import-kept"}) == [(2,)]
    # It is another import than one that files them now, and the same when it comes again.
    assert _imported(log, "import-kept").summary.blocks_known == 0
    assert _imported(log, "import-kept", keep_time=True).summary.blocks_known == 1


def test_a_clock_that_was_never_set_is_not_kept(own_store: Store, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(_combined(datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)))
    assert _imported(log, "import-unset", keep_time=True).findings.older_than_retention == 1
    sql = "SELECT countIf(time < '2020-01-01') FROM requests WHERE environment = 'import-unset'"
    assert own_store.rows(sql) == [(0,)]


def test_a_ttl_that_deletes_what_is_kept_is_reported(own_store: Store, tmp_path: Path) -> None:
    log = _mixed(tmp_path)
    # A DateTime ends in 2106: beyond it the time to live would begin anew in 1970, and take all rows of all tests.
    # It is only read: to apply it, every row of all tests would be looked at.
    own_store.command(
        "ALTER TABLE requests MODIFY TTL toDateTime(time) + INTERVAL 50 YEAR SETTINGS materialize_ttl_after_modify = 0"
    )
    try:
        assert _imported(log, "import-ttl", keep_time=True).findings.tables_with_ttl == ["requests"]
        assert _imported(log, "import-ttl").findings.tables_with_ttl == []
    finally:
        own_store.command("ALTER TABLE requests REMOVE TTL")
    assert _imported(log, "import-ttl", keep_time=True).findings.tables_with_ttl == []


def test_doubtful_rows_are_counted_by_reason(store: Store) -> None:
    doubts = ["no_time", "no_time", "upstream_longer_than_request", ""]
    rows = [[f"2026-11-23 10:00:0{n}", {"gatelens.doubt": doubt}, "import-doubt"] for n, doubt in enumerate(doubts)]
    store.insert("requests", ["time", "attributes", "segment_id"], rows)
    found = findings(
        ["import-doubt"],
        {"requests": 4},
        lambda sql: [json.loads(line) for line in store.raw(sql, "JSONEachRow").splitlines()],
        keeps_time=False,
    )
    assert found.doubtful == {"no_time": 2, "upstream_longer_than_request": 1}


def test_notes_are_aligned_and_short() -> None:
    told = Findings(
        without_duration=1200,
        older_than_retention=1,
        oldest="2025-02-10 21:24:02.000000",
        dead_letters=[Reason("not an access log line of this format", 12, "x" * 500 + "\nmore")],
    )
    told.doubtful["no_time"] = 15
    notes = Imported(ImportSummary("combined"), Counter(), False, told).notes
    assert notes[:3] == [
        "  1,200  requests without a duration; if the log has it, declare its format: --log-format, docs/formats.md",
        "     15  requests in doubt: no time; attributes['gatelens.doubt'] marks them",
        "      1  older than the retention, the oldest of 2025-02-10: filed at the time of import; "
        "--keep-time keeps their own",
    ]
    assert notes[3] == "     12  dead letters: not an access log line of this format"
    assert notes[4] == f"           {'x' * 120}…"
