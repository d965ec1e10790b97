"""Damage to what receivers remember: the start goes on, nothing is lost, at worst something is stored again."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from collector.formats.formats import FORMATS
from collector.intake.chunk_memory import ChunkMemory, key_of
from collector.receivers.files.checkpoints import Checkpoints
from collector.receivers.files.faults import Faults
from collector.receivers.files.rounds import Rounds
from tests.collector.rigs.file_process import config_for
from tests.collector.rigs.file_rig import append, numbered


def _read_all(directory: Path, state: Path) -> bytes:
    """What comes of the log files until there is nothing more."""
    rounds = Rounds(config_for(directory), Checkpoints(state), Faults(lambda reason: None), time.time_ns, FORMATS)
    found = b""
    while (batch := rounds.next()) is not None:
        found += b"".join(payload.body for payloads in batch.segments().values() for payload in payloads)
        rounds.handed_over(batch)
    rounds.close()
    return found


def test_checkpoints_with_flipped_bits_lose_no_line(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    append(tmp_path / "logs" / "a.log", numbered(0, 50))
    append(tmp_path / "logs" / "b.log", numbered(50, 60))
    assert len(_read_all(tmp_path, tmp_path / "sound").splitlines()) == 60
    later = {name: numbered(100 + at, 110 + at) for name, at in (("a.log", 0), ("b.log", 10))}
    for name, lines in later.items():
        append(tmp_path / "logs" / name, lines)
    draw = random.Random(11)
    for number in range(60):
        state = tmp_path / str(number)
        shutil.copytree(tmp_path / "sound", state)
        data = bytearray((state / "files.json").read_bytes())
        for _ in range(draw.choice((1, 1, 1, 3, 50))):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        (state / "files.json").write_bytes(data)
        found = set(_read_all(tmp_path, state).splitlines())
        assert found >= set(later["a.log"] + later["b.log"]), bytes(data)


@pytest.mark.parametrize("damage", ["zeros", "garbage", "cut", "directory", "nothing"])
def test_a_damaged_memory_of_chunks_stops_no_start(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "chunks"
    memory = ChunkMemory(path, tmp_path, 10)
    for number in range(8):
        memory.begin(key_of(str(number)), number + 1, 1)
        memory.durable(key_of(str(number)))
    memory.close()
    whole = path.read_bytes()
    if damage == "directory":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {"zeros": bytes(len(whole)), "garbage": os.urandom(999), "cut": whole[:-7], "nothing": b""}[damage]
        )
    memory = ChunkMemory(path, tmp_path, 10)
    assert (key_of("0") in memory) == (damage == "cut")
    memory.durable(key_of("new"))
    memory.close()
    memory = ChunkMemory(path, tmp_path, 10)
    assert key_of("new") in memory
    memory.close()
