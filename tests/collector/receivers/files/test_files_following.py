"""Following real files: growth, rotation, truncation, restarts; each line comes once."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.collector.rigs.file_rig import FileRig, append, following, numbered
from tests.patience import PATIENCE


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


def test_what_is_appended_comes(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {"environment": "production", "gateway": "edge"}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        append(logs / "a.log", numbered(10, 20))
        rig.wait_for_lines(numbered(0, 20))
        (first, *_) = rig.payloads()
        assert (first.format, first.environment, first.gateway) == ("envoy_json", "production", "edge")
        assert first.peer == f"{socket.gethostname()}:{logs / 'a.log'}"


def test_a_line_waits_for_its_end(tmp_path: Path, logs: Path) -> None:
    line = numbered(0, 1)[0]
    with following(tmp_path, {}) as rig, (logs / "a.log").open("ab", buffering=0) as file:
        file.write(line[:20])
        time.sleep(0.6)
        assert rig.lines() == []
        file.write(line[20:] + b"\n")
        rig.wait_for_lines([line])


def test_an_unfinished_last_line_of_a_deleted_file_comes(tmp_path: Path, logs: Path) -> None:
    with following(tmp_path, {}) as rig:
        (logs / "a.log").write_bytes(b"\n".join(numbered(0, 3)))
        rig.wait_for_lines(numbered(0, 2))
        (logs / "a.log").unlink()
        rig.wait_for_lines(numbered(0, 3))


def test_a_deleted_file_is_read_to_its_end(tmp_path: Path, logs: Path) -> None:
    with following(tmp_path, {}) as rig, (logs / "a.log").open("ab", buffering=0) as file:
        file.write(b"".join(line + b"\n" for line in numbered(0, 3)))
        rig.wait_for_lines(numbered(0, 3))
        (logs / "a.log").unlink()
        file.write(b"".join(line + b"\n" for line in numbered(3, 6)))
        rig.wait_for_lines(numbered(0, 6))


def test_patterns_choose_the_files(tmp_path: Path, logs: Path) -> None:
    (logs / "deep/er").mkdir(parents=True)
    append(logs / "a.log", numbered(0, 1))
    append(logs / "deep/er/b.log", numbered(1, 2))
    append(logs / "debug.log", numbered(2, 3))
    append(logs / "deep/c.txt", numbered(3, 4))
    with following(tmp_path, {"include": [f"{logs}/**/*.log"], "exclude": ["debug*"]}) as rig:
        rig.wait_for_lines(numbered(0, 2))
        append(logs / "deep/new.log", numbered(4, 5))
        rig.wait_for_lines([*numbered(0, 2), *numbered(4, 5)])


def test_a_file_with_several_names_comes_once(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 5))
    (logs / "link.log").symlink_to(logs / "a.log")
    (logs / "hard.log").hardlink_to(logs / "a.log")
    (logs / "nowhere.log").symlink_to(logs / "missing")
    os.mkfifo(logs / "pipe.log")
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 5))


def test_a_link_that_leads_elsewhere_is_followed(tmp_path: Path, logs: Path) -> None:
    targets = tmp_path / "pods"
    targets.mkdir()
    link = logs / "a.log"
    link.symlink_to(targets / "0")
    append(targets / "0", numbered(0, 5))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 5))
        append(targets / "1", numbered(5, 8))
        (tmp_path / "new").symlink_to(targets / "1")
        (tmp_path / "new").replace(link)
        append(targets / "0", numbered(8, 10))
        rig.wait_for_lines(numbered(0, 10))


def test_only_what_comes_after_the_end_is_read(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {"start": "end"}) as rig:
        time.sleep(0.3)
        append(logs / "a.log", numbered(10, 12))
        append(logs / "later.log", numbered(20, 22))
        rig.wait_for_lines([*numbered(10, 12), *numbered(20, 22)])
        rig.stop()
        append(logs / "a.log", numbered(12, 14))
        append(logs / "meanwhile.log", numbered(30, 32))
        rig.start()
        rig.wait_for_lines([*numbered(10, 14), *numbered(20, 22), *numbered(30, 32)])


@pytest.mark.parametrize("times", [1, 4])
def test_reading_goes_on_after_a_restart(tmp_path: Path, logs: Path, times: int) -> None:
    with following(tmp_path, {}) as rig:
        for number in range(times):
            append(logs / "a.log", numbered(number * 10, number * 10 + 10))
            rig.wait_for_lines(numbered(0, number * 10 + 10))
            rig.stop()
            rig.start()
        append(logs / "a.log", numbered(100, 110))
        rig.wait_for_lines([*numbered(0, times * 10), *numbered(100, 110)])


def test_a_truncated_file_is_read_from_its_beginning(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        os.truncate(logs / "a.log", 0)
        append(logs / "a.log", numbered(10, 12))
        rig.wait_for_lines(numbered(0, 12))


def test_a_truncated_file_is_noticed_though_it_has_outgrown_itself(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        (logs / "a.log").write_bytes(b"".join(line + b"\n" for line in numbered(10, 60)))
        rig.wait_for_lines(numbered(0, 60))


def _rename(log: Path) -> None:
    log.rename(log.with_suffix(".log.1"))


def _copy_and_truncate(log: Path) -> None:
    shutil.copy2(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)


@pytest.mark.parametrize("rotate", [_rename, _copy_and_truncate])
@pytest.mark.parametrize("pattern", ["a.log", "a.log*"])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_rotated_file_comes_once(
    tmp_path: Path, logs: Path, rotate: Callable[[Path], None], pattern: str, stopped: bool
) -> None:
    log = logs / "a.log"
    append(log, numbered(0, 10))
    with following(tmp_path, {"include": [f"{logs}/{pattern}"]}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        if stopped:
            rig.stop()
        append(log, numbered(10, 20))
        rotate(log)
        append(log, numbered(20, 30))
        if stopped:
            rig.start()
        rig.wait_for_lines(numbered(0, 30))
        append(log, numbered(30, 40))
        time.sleep(0.5)
        rig.wait_for_lines(numbered(0, 40))


def test_a_copy_that_stays_is_read_from_where_it_parts(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        shutil.copy(logs / "a.log", logs / "b.log")
        time.sleep(0.6)
        append(logs / "b.log", numbered(10, 12))
        append(logs / "a.log", numbered(20, 22))
        rig.wait_for_lines([*numbered(0, 12), *numbered(20, 22)])


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="logrotate is not installed")
@pytest.mark.parametrize("mode", ["create 0640", "copytruncate", "compress", "copytruncate\n compress\n delaycompress"])
@pytest.mark.parametrize("pattern", ["a.log", "a.log*"])
def test_logrotate_at_work(tmp_path: Path, logs: Path, mode: str, pattern: str) -> None:
    log = logs / "a.log"
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(f"{log} {{\n rotate 50\n missingok\n {mode}\n}}\n", encoding="utf-8")
    configuration.chmod(0o600)
    written: list[bytes] = []
    stopping = threading.Event()
    between = threading.Lock()

    def write() -> None:
        number = 0
        while not stopping.is_set():
            lines = numbered(number, number + 20)
            number += 20
            # logrotate itself loses what is written between its copy and its truncation.
            with between:
                append(log, lines)
            written.extend(lines)
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    with following(tmp_path, {"include": [f"{logs}/{pattern}"]}) as rig:
        writer.start()
        for _ in range(8):
            time.sleep(0.25)
            with between:
                subprocess.run(
                    ["logrotate", "--force", "--state", tmp_path / "rotated", configuration],
                    check=True,
                    timeout=PATIENCE,
                )
        stopping.set()
        writer.join()
        rig.wait_for_lines(written)


def test_packed_files_are_read_only_on_demand(tmp_path: Path, logs: Path) -> None:
    append(logs / "old.log", numbered(0, 10))
    subprocess.run(["gzip", logs / "old.log"], check=True, timeout=PATIENCE)
    append(logs / "a.log", numbered(20, 30))
    with following(tmp_path, {"include": [f"{logs}/*.log*"]}) as rig:
        rig.wait_for_lines(numbered(20, 30))


def test_a_packed_file_adds_only_what_was_not_read_before_it_was_packed(tmp_path: Path, logs: Path) -> None:
    log = logs / "a.log"
    append(log, numbered(0, 10))
    with following(tmp_path, {"include": [f"{logs}/*.log*"], "compressed": True}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        rig.stop()
        append(log, numbered(10, 20))
        subprocess.run(["gzip", log], check=True, timeout=PATIENCE)
        rig.start()
        append(log, numbered(20, 30))
        rig.wait_for_lines(numbered(0, 30))
        subprocess.run(["gzip", "--suffix", ".2.gz", log], check=True, timeout=PATIENCE)
        time.sleep(1)
        rig.wait_for_lines(numbered(0, 30))


def test_nothing_is_read_while_the_spool_is_full(tmp_path: Path, logs: Path) -> None:
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}, room=2000) as rig:
        rig.wait_for_lines(numbered(0, 10))
        append(logs / "a.log", numbered(10, 30))
        rig.wait_for(lambda: "spool_full" in rig.intake.reasons)
        assert rig.lines() == numbered(0, 10)
        segment = rig.spool.take(1)
        assert segment is not None
        rig.spool.remove(segment)
        rig.wait_for_lines(numbered(10, 30))


def _faults(rig: FileRig, caplog: pytest.LogCaptureFixture, reason: str) -> list[str]:
    rig.wait_for(lambda: rig.intake.reasons.count(reason) >= 1)
    time.sleep(0.2)
    return [record.getMessage() for record in caplog.records]


def test_a_missing_directory_is_reported_once_and_read_when_it_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = tmp_path / "missing"
    with following(tmp_path, {"include": [f"{missing}/*.log"]}) as rig:
        messages = _faults(rig, caplog, "unreachable")
        assert len([message for message in messages if str(missing) in message]) == 1
        missing.mkdir()
        append(missing / "a.log", numbered(0, 3))
        rig.wait_for_lines(numbered(0, 3))


def test_a_file_that_may_not_be_read_is_reported_and_tried_again(
    tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(logs / "a.log", numbered(0, 3))
    append(logs / "b.log", numbered(3, 6))
    opened = os.open

    def denied(path: Path, *rest: int) -> int:
        if path == logs / "a.log":
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr("collector.receivers.files.open_file.os.open", denied)
        with following(tmp_path, {}) as rig:
            messages = _faults(rig, caplog, "unreachable")
            assert len([message for message in messages if "Permission denied" in message]) == 1
            rig.wait_for_lines(numbered(3, 6))
            patch.undo()
            rig.wait_for_lines(numbered(0, 6))


def test_formats_are_recognised_file_by_file(tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = b'[2026-11-23T10:15:30.123Z] "GET /orders HTTP/1.1" 200 - 0 5 12 11 "-" "curl" "id" "host" "10.0.0.1:80"'
    append(logs / "json.log", [b"starting up", *numbered(0, 1)])
    append(logs / "text.log", [text])
    append(logs / "prose.log", [b"It was a dark and stormy night."])
    with following(tmp_path, {"format": "", "container": "auto"}) as rig:
        messages = _faults(rig, caplog, "unknown_format")
        assert len([message for message in messages if "prose.log" in message]) == 1
        rig.wait_for(lambda: len(rig.payloads()) == 2)
        assert {payload.format: payload.body for payload in rig.payloads()} == {
            "envoy_json": b"starting up\n" + numbered(0, 1)[0] + b"\n",
            "envoy_text": text + b"\n",
        }
        append(logs / "prose.log", numbered(5, 6))
        rig.wait_for(lambda: len(rig.payloads()) == 3)
