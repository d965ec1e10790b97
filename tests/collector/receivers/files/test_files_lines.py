"""Cutting blocks: records of several lines, lines without end, holes; memory stays bounded."""

import os
import time
from pathlib import Path

import pytest

from collector.formats.mule.descriptor import MULE_LOG
from collector.receivers.files.lines import Cut, Reading, content, cut
from collector.records.place import Part
from tests.collector.rigs.file_rig import append, following, numbered
from tests.collector.rigs.receiver_rig import resident_bytes

_PLAIN = Reading("envoy_json", "none", "", 1 << 20)
_STACK = rb"""INFO  2026-11-23 10:15:30,123 [main] org.mule.Starter: up
ERROR 2026-11-23 10:15:31,456 [[MuleRuntime].uber.12: [orders-api].orders-main.CPU_LITE @5f1e2] org.mule.Flow:
********************************************************************************
Message : it failed
java.lang.IllegalStateException: no
	at com.example.Orders.get(Orders.java:42)
Caused by: java.io.IOException
	... 12 more
"""


def _cut(block: bytes, reading: Reading, **state: bool) -> Cut:
    return cut(block, reading, **{"mid_line": False, "is_full": False, "settled": False, "final": False} | state)


def test_a_block_is_cut_behind_its_last_line() -> None:
    assert _cut(b"one\ntwo", _PLAIN) == Cut(4)
    assert _cut(b"one", _PLAIN) == Cut(0)
    assert _cut(b"one\ntwo", _PLAIN, settled=True) == Cut(4)
    assert _cut(b"one\ntwo", _PLAIN, settled=True, final=True) == Cut(7)


def test_the_last_record_of_several_lines_waits() -> None:
    reading = Reading("any", "none", "", 1 << 20, multiline=r"^\w+ +\d{4}-")
    assert _cut(_STACK, reading) == Cut(_STACK.index(b"ERROR"))
    assert _cut(_STACK, reading, settled=True) == Cut(len(_STACK))
    assert _cut(_STACK[_STACK.index(b"ERROR") :], reading) == Cut(0)
    # It is let through where it is larger than a block.
    assert _cut(_STACK[_STACK.index(b"ERROR") :], reading, is_full=True) == Cut(len(_STACK) - _STACK.index(b"ERROR"))


def test_records_of_mule_have_several_lines_by_default() -> None:
    assert _cut(_STACK, Reading("mule_log", "none", MULE_LOG.first_line, 1 << 20)) == Cut(_STACK.index(b"ERROR"))
    wrapped = b"".join(b"2026-11-23T10:15:30Z stdout F " + line for line in _STACK.splitlines(keepends=True))
    assert _cut(wrapped, Reading("mule_log", "cri", MULE_LOG.first_line, 1 << 20)) == Cut(wrapped.index(b"ERROR") - 30)


@pytest.mark.parametrize("position", range(5))
def test_the_beginning_of_a_line_too_long_becomes_a_dead_letter(position: int) -> None:
    lines = [b"a" * 999 for _ in range(5)]
    lines[position] = b"x" * 5000
    reading = Reading("envoy_json", "none", "", 1024)
    found = content(b"".join(line + b"\n" for line in lines), reading, mid_line=False)
    assert found == [Part("envoy_json", (b"a" * 999 + b"\n") * 4), Part("undecodable", b"x" * 1024)]


def test_only_lines_too_long_become_dead_letters() -> None:
    reading = Reading("envoy_json", "none", "", 1024)
    lines = b"".join(b"a" * size + b"\n" for size in (1023, 1024, 1, 0, 1024))
    assert content(lines, reading, mid_line=False) == [Part("envoy_json", lines)]
    assert content(b"rest of it\nnext\n", reading, mid_line=True) == [Part("envoy_json", b"next\n")]


def test_a_stack_trace_comes_in_one_payload(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    with following(tmp_path, {"multiline": r"\w+ +\d{4}-"}, flush_after=0.8) as rig:
        with (logs / "a.log").open("ab", buffering=0) as file:
            for line in _STACK.splitlines(keepends=True):
                file.write(line)
                time.sleep(0.05)
        rig.wait_for_lines(_STACK.splitlines())
        assert [payload.body for payload in rig.payloads()][-1] == _STACK[_STACK.index(b"ERROR") :]


@pytest.mark.parametrize("first", [b"", b"x"])
def test_a_gigabyte_without_a_newline_takes_no_memory(tmp_path: Path, first: bytes) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    log = logs / "a.log"
    append(log, numbered(0, 5))
    with following(tmp_path, {}) as rig:
        rig.wait_for_lines(numbered(0, 5))
        before = resident_bytes()
        with log.open("ab") as file:
            file.write(first)
        os.truncate(log, log.stat().st_size + (1 << 30))
        append(log, [b"end" if first else b"", *numbered(5, 10)])
        rig.wait_for(lambda: numbered(9, 10)[0] in rig.lines())
        assert resident_bytes() - before < 64 << 20
        found = [payload for payload in rig.payloads() if payload.format == "undecodable"]
        assert [payload.body for payload in found] == ([b"x" + bytes((1 << 20) - 1)] if first else [])
        assert [line for line in rig.lines() if line.startswith(b"{")] == numbered(0, 10)
        assert ("too_large" in rig.intake.reasons) == bool(first)


def test_a_writer_that_keeps_its_offset_leaves_a_hole(tmp_path: Path) -> None:
    """Without O_APPEND, a truncation leaves a hole of as many bytes as were written before."""
    logs = tmp_path / "logs"
    logs.mkdir()
    with following(tmp_path, {}) as rig, (logs / "a.log").open("wb", buffering=0) as file:
        file.write(b"".join(line + b"\n" for line in numbered(0, 100)))
        rig.wait_for_lines(numbered(0, 100))
        os.truncate(logs / "a.log", 0)
        time.sleep(0.2)
        file.write(b"".join(line + b"\n" for line in numbered(100, 110)))
        rig.wait_for_lines(numbered(0, 110))
