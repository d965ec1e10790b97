"""Killed at any moment, between any two steps: every line is stored once."""

import asyncio
import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from collector.receivers.files.checkpoints import Part
from collector.receivers.files.receiver import FileReceiver
from collector.receivers.files.tail import Piece, Tail
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.file_process import FileProcess, config_for
from tests.collector.rigs.file_rig import WatchedIntake, append, following, numbered, spooled
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_KILLS = 15
# As often as one segment may be killed with: after five times it is quarantined, and a machine may be too slow to store
# a large one between two kills.
_KILLS_WITH_STORE = 4


class _PowerCut(BaseException):
    """The end of the process, as far as a test within it can go."""


class _CutIntake(WatchedIntake):
    """Ends everything before or after a segment has become durable."""

    def __init__(self, spool: Spool, *, after: bool) -> None:
        super().__init__(spool)
        self._after = after

    async def accept_segment(self, receiver: str, segment_id: str, payloads: Sequence[Payload]) -> None:
        if self._after:
            await super().accept_segment(receiver, segment_id, payloads)
        raise _PowerCut


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


@pytest.fixture
def spool(tmp_path: Path) -> Any:
    opened = Spool(tmp_path / "spool", SpoolConfig())
    yield opened
    opened.close()


def _run(directory: Path, intake: WatchedIntake, until: Callable[[], object] = lambda: False) -> None:
    """Run until the condition is met, or until the power is cut: then nothing is tidied up."""

    async def watched() -> None:
        run = asyncio.ensure_future(FileReceiver(intake, config_for(directory), directory / "state").run())
        async with asyncio.timeout(PATIENCE):
            while not run.done() and not until():
                await asyncio.sleep(0.01)
        if run.done():
            run.result()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    asyncio.run(watched())


def _lines(directory: Path) -> list[bytes]:
    return b"".join(payload.body for payload in spooled(directory / "spool")).splitlines()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize("rotates", [False, True])
@pytest.mark.parametrize("read_before", [0, 10])
def test_a_cut_between_two_steps(
    tmp_path: Path, logs: Path, spool: Spool, after: bool, grows: bool, rotates: bool, read_before: int
) -> None:
    log = logs / "a.log"
    append(log, numbered(0, read_before))
    append(logs / "b.log", numbered(500, 510))
    if read_before:
        _run(tmp_path, WatchedIntake(spool), lambda: len(_lines(tmp_path)) == 10 + read_before)
    append(log, numbered(read_before, 20))
    with pytest.raises(_PowerCut):
        _run(tmp_path, _CutIntake(spool, after=after))
    last = 20
    if rotates:
        log.rename(logs / "a.1")
    if grows:
        append(log, numbered(20, 30))
        last = 30
    _run(tmp_path, WatchedIntake(spool), lambda: len(_lines(tmp_path)) >= last + 10)
    assert sorted(_lines(tmp_path)) == [*numbered(0, last), *numbered(500, 510)]


def test_what_cannot_be_read_again_holds_no_other_file_back(
    tmp_path: Path, logs: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(logs / "a.log", numbered(0, 10))
    append(logs / "b.log", numbered(20, 30))
    with pytest.raises(_PowerCut):
        _run(tmp_path, _CutIntake(spool, after=False))
    again = Tail.again

    def failing(tail: Tail, part: Part) -> Piece | None:
        if tail.record.path.endswith("a.log"):
            raise OSError(5, "Input/output error")
        return again(tail, part)

    monkeypatch.setattr(Tail, "again", failing)
    _run(tmp_path, WatchedIntake(spool), lambda: len(_lines(tmp_path)) >= 20)
    assert sorted(_lines(tmp_path)) == [*numbered(0, 10), *numbered(20, 30)]


def test_a_checkpoint_that_cannot_be_saved_holds_everything_back(
    tmp_path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sync = os.fsync
    is_full = threading.Event()

    def failing(descriptor: int) -> None:
        if is_full.is_set():
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("collector.receivers.files.checkpoints.os.fsync", failing)
    append(logs / "a.log", numbered(0, 10))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 10))
        is_full.set()
        append(logs / "a.log", numbered(10, 20))
        wait_until(lambda: "No space left" in caplog.text)
        assert rig.lines() == numbered(0, 10)
        is_full.clear()
        rig.wait_for_lines(numbered(0, 20))
    assert caplog.text.count("No space left") == 1


def test_a_state_directory_that_cannot_be_made_is_tried_again(
    tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_bytes(b"in the way")
    append(logs / "a.log", numbered(0, 3))
    with following(tmp_path, {}) as rig:
        wait_until(lambda: "File exists" in caplog.text)
        (tmp_path / "state").unlink()
        rig.wait_for_lines(numbered(0, 3))


def test_damaged_checkpoints_are_moved_away(tmp_path: Path, logs: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/files.json").write_bytes(b'{"version": 1, "files": [{')
    append(logs / "a.log", numbered(0, 3))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 3))
    assert "damaged" in caplog.text
    assert (tmp_path / "state/files.damaged").exists()


class _Writers:
    """Write lines that differ, and rotate, until they are stopped."""

    def __init__(self, logs: Path, line: Callable[[int], bytes]) -> None:
        self._logs = logs
        self._line = line
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(3)]
        self.written: list[bytes] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        draw = random.Random(writer)
        log = self._logs / f"{writer}.log"
        number = 0
        while not self._stopping.is_set():
            lines = [self._line(writer * 1_000_000 + number + offset) for offset in range(draw.randint(1, 60))]
            number += len(lines)
            append(log, lines)
            self.written += lines
            if draw.random() < 0.02:
                log.replace(log.with_suffix(f".log.{number}"))
            time.sleep(draw.uniform(0, 0.01))


def test_killed_at_random_every_line_is_spooled_once(tmp_path: Path, logs: Path) -> None:
    draw = random.Random(7)
    writers = _Writers(logs, lambda number: b'{"n": "%09d", "method": "GET"}' % number)
    writers.start()
    for _ in range(_KILLS):
        with FileProcess(tmp_path):
            time.sleep(draw.uniform(0, 0.4))
    writers.stop()
    with FileProcess(tmp_path):
        wait_until(lambda: len(_lines(tmp_path)) >= len(writers.written))
        time.sleep(1)
    assert len(writers.written) > 10_000
    assert sorted(_lines(tmp_path)) == sorted(writers.written)


def test_killed_at_random_every_line_is_stored_once(tmp_path: Path, logs: Path) -> None:
    draw = random.Random(8)
    writers = _Writers(logs, lambda number: json_line(f"id-{number}").rstrip(b"\n"))
    writers.start()
    for _ in range(_KILLS_WITH_STORE):
        with FileProcess(tmp_path, store=True):
            time.sleep(draw.uniform(0.1, 1.5))
    writers.stop()
    expected = len(writers.written)
    with FileProcess(tmp_path, store=True) as process:
        counts = process.finish(expected)
    assert expected > 5000
    assert counts == {
        "requests": expected,
        "different": expected,
        "rolled_up": expected,
        "dead_letters": 0,
        "unbalanced": 0,
    }
