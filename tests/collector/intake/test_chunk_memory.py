"""The memory of chunks where its file cannot be begun anew."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EMFILE, ENOSPC
from pathlib import Path

import pytest

from collector.intake.chunk_memory import ChunkMemory, key_of

_CAPACITY = 10
_STEPS = ["open", "chunks.older", "chunks"]


@contextmanager
def _broken(step: str) -> Iterator[None]:
    """No file can be opened, or none be renamed to a name."""
    replace = Path.replace

    def broken_open(*_: object) -> int:
        raise OSError(EMFILE, os.strerror(EMFILE))

    def broken_replace(path: Path, target: Path) -> Path:
        if target.name == step:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return replace(path, target)

    with pytest.MonkeyPatch.context() as patch:
        if step == "open":
            patch.setattr(os, "open", broken_open)
        else:
            patch.setattr(Path, "replace", broken_replace)
        yield


def _opened(directory: Path) -> ChunkMemory:
    return ChunkMemory(directory / "forward" / "chunks", directory, _CAPACITY)


def _keys(count: int) -> list[bytes]:
    return [key_of(str(number)) for number in range(count)]


def _remember(memory: ChunkMemory, keys: list[bytes]) -> None:
    for key in keys:
        memory.begin(key, 1, 1)
        memory.durable(key)


@pytest.mark.parametrize("step", _STEPS)
def test_what_is_remembered_is_known_after_a_restart_though_a_step_fails(step: str, tmp_path: Path) -> None:
    memory, keys = _opened(tmp_path), _keys(_CAPACITY * 2)
    with _broken(step):
        _remember(memory, keys[:_CAPACITY])
        # It gets the lowest number that is free, which were that of the memory's file if it was closed.
        other = os.memfd_create("other")
        _remember(memory, keys[_CAPACITY:])
    assert os.fstat(other).st_size == 0
    os.close(other)
    memory.close()
    memory = _opened(tmp_path)
    assert all(key in memory for key in keys)
    memory.close()


@pytest.mark.parametrize("step", _STEPS)
def test_a_file_is_begun_anew_as_soon_as_it_can_be(step: str, tmp_path: Path) -> None:
    memory, keys = _opened(tmp_path), _keys(_CAPACITY * 6)
    with _broken(step):
        _remember(memory, keys[: _CAPACITY * 2])
    _remember(memory, keys[_CAPACITY * 2 :])
    assert sum(key in memory for key in keys) <= _CAPACITY * 2
    memory.close()
    memory = _opened(tmp_path)
    assert all(key in memory for key in keys[-_CAPACITY:])
    memory.close()
