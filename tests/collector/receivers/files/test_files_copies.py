"""The copy of a file that was cut is looked for until it is known whether there is one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.receivers.files import copies, tracking
from collector.receivers.files.tail import Piece, Tail
from tests.collector.rigs.file_rig import FileRig, append, following, numbered


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs/a.log"


def _nothing(tail: Tail) -> Piece | None:
    return None


def _cut_with_lines_unread(rig: FileRig, log: Path, patch: pytest.MonkeyPatch) -> None:
    rig.wait_for_lines(numbered(0, 10))
    with patch.context() as meanwhile:
        meanwhile.setattr(Tail, "next", _nothing)
        append(log, numbered(10, 20))
        shutil.copy(log, log.with_suffix(".1"))
        os.truncate(log, 0)
    append(log, numbered(20, 22))


def test_a_neighbour_that_vanishes_hides_no_copy(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.iterdir

    def vanishing(directory: Path) -> Iterator[Path]:
        yield directory / "gone.tmp"
        yield from listed(directory)

    append(log, numbered(0, 10))
    monkeypatch.setattr(Path, "iterdir", vanishing)
    with following(tmp_path, {}) as rig:
        _cut_with_lines_unread(rig, log, monkeypatch)
        rig.wait_for_lines(numbered(0, 22))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_copy_that_cannot_be_looked_for_is_looked_for_again(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, restarted: bool
) -> None:
    def failing(path: Path) -> None:
        raise OSError(24, "Too many open files")

    append(log, numbered(0, 10))
    with following(tmp_path, {}) as rig, monkeypatch.context() as patch:
        rig.wait_for_lines(numbered(0, 10))
        patch.setattr(copies, "OpenFile", failing)
        _cut_with_lines_unread(rig, log, monkeypatch)
        rig.wait_for_lines([*numbered(0, 10), *numbered(20, 22)])
        assert caplog.text.count("Too many open files") == 1
        if restarted:
            rig.stop()
            rig.start()
        patch.undo()
        rig.wait_for_lines(numbered(0, 22))


def test_a_copy_that_can_never_be_looked_for_is_given_up(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    listed = Path.iterdir

    def denied(directory: Path) -> Iterator[Path]:
        if directory != log.parent:
            return listed(directory)
        looks.append(directory)
        raise PermissionError(13, "Permission denied")

    append(log, numbered(0, 10))
    monkeypatch.setattr(tracking, "_SOUGHT_SECONDS", 0)
    monkeypatch.setattr(Path, "iterdir", denied)
    with following(tmp_path, {}) as rig:
        _cut_with_lines_unread(rig, log, monkeypatch)
        rig.wait_for_lines([*numbered(0, 10), *numbered(20, 22)])
        assert len(looks) == 2
        assert "unreachable" in rig.intake.reasons
