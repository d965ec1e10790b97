"""What is wrong with one file is told once, and stops no other."""

import gzip
import os
import random
from pathlib import Path

import pytest

from collector.escape_path import escape_path, unescape_path
from collector.receivers.files import tail
from collector.receivers.files.lines import Reading, content
from collector.receivers.files.tail import Tail
from collector.records.place import Part
from tests.collector.rigs.file_rig import append, following, numbered


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


def _messages(caplog: pytest.LogCaptureFixture, about: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if about in record.getMessage()]


def test_names_of_any_bytes_have_texts_of_their_own() -> None:
    names = [
        b"caf\xc3\xa9",
        b"caf\xe9",
        rb"caf\xe9",
        b"caf\\\xe9",
        rb"caf\\xe9",
        b"\xe9\xe9",
        b"C:\\x\\y",
        rb"\x41",
        b"\\",
    ]
    paths = [Path(os.fsdecode(name)) for name in names]
    texts = [escape_path(path) for path in paths]
    assert len(set(texts)) == len(texts)
    assert [unescape_path(text) for text in texts] == paths
    assert texts[:2] == ["café", r"caf\xe9"]
    assert texts[6:] == ["C:\\x\\y", r"\x41", "\\"]
    assert all(text.isprintable() for text in texts)


def test_a_name_that_is_no_utf_8_is_followed_like_any_other(tmp_path: Path, logs: Path) -> None:
    log = logs / os.fsdecode(b"caf\xe9.log")
    append(log, numbered(0, 10))
    append(logs / "b.log", numbered(100, 110))
    with following(tmp_path, {}, host="edge-1") as rig:
        rig.wait_for_lines([*numbered(0, 10), *numbered(100, 110)])
        assert {payload.peer for payload in rig.payloads()} == {rf"edge-1:{logs}/caf\xe9.log", f"edge-1:{logs}/b.log"}
        rig.stop()
        append(log, numbered(10, 20))
        log.rename(log.with_suffix(".1"))
        append(log, numbered(20, 30))
        rig.start()
        rig.wait_for_lines([*numbered(0, 30), *numbered(100, 110)])


def _damaged(lines: list[bytes]) -> bytes:
    packed = bytearray(gzip.compress(b"\n".join(lines)))
    for offset in range(200, len(packed)):
        packed[offset] ^= 0x5A
    return bytes(packed)


def test_a_damaged_packed_file_is_left_until_it_changes(
    tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(1)
    packed = logs / "old.log.gz"
    packed.write_bytes(_damaged([b'{"n": "%d"}' % draw.getrandbits(60) for _ in range(2000)]))
    with following(tmp_path, {"include": [f"{logs}/*.log*"], "compressed": True}) as rig:
        rig.wait_for(lambda: _messages(caplog, "old.log.gz"))
        append(logs / "a.log", numbered(0, 10))
        rig.wait_for_lines(numbered(0, 10))
        (message,) = _messages(caplog, "old.log.gz")
        assert "Error -3 while decompressing data" in message
        assert rig.intake.reasons == ["unreachable"]
        packed.write_bytes(gzip.compress(b"".join(line + b"\n" for line in numbered(20, 30))))
        rig.wait_for_lines([*numbered(0, 10), *numbered(20, 30)])


def test_an_unforeseen_fault_is_logged_with_its_traceback_and_tried_again(
    tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(block: bytes, reading: Reading, *, mid_line: bool) -> list[Part]:
        if numbered(0, 1)[0] in block:
            raise ZeroDivisionError
        return content(block, reading, mid_line=mid_line)

    append(logs / "a.log", numbered(0, 10))
    with monkeypatch.context() as patch:
        patch.setattr(tail, "content", failing)
        with following(tmp_path, {}) as rig:
            rig.wait_for(lambda: rig.intake.reasons.count("failed") > 1)
            append(logs / "b.log", numbered(20, 30))
            rig.wait_for_lines(numbered(20, 30))
            (told,) = [record for record in caplog.records if "a.log" in record.getMessage()]
            assert "ZeroDivisionError" in told.getMessage()
            assert told.exc_info
            patch.undo()
            rig.wait_for_lines([*numbered(0, 10), *numbered(20, 30)])


@pytest.mark.parametrize("question", ["truncated", "finished"])
def test_a_file_that_cannot_be_looked_at_hides_no_new_one(
    tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    answer = getattr(Tail, question).fget

    def failing(asked: Tail) -> bool:
        if asked.record.path.endswith("a.log"):
            raise OSError(116, "Stale file handle")
        return bool(answer(asked))

    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        monkeypatch.setattr(Tail, question, property(failing))
        rig.wait_for(lambda: _messages(caplog, "Stale file handle"))
        append(logs / "b.log", numbered(20, 30))
        rig.wait_for_lines([*numbered(0, 10), *numbered(20, 30)])
    assert len(_messages(caplog, "Stale file handle")) == 1
