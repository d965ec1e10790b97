"""Batches of Forward in parts: the same entries in the same order, and of a bounded size."""

from collections.abc import Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.receivers.forward import entries as module
from collector.receivers.forward.entries import few_at_a_time, slices


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "SLICE_BYTES", 100)
    yield


def _entries(*sizes: int) -> list[Any]:
    return [[number, {"log": "x" * size}] for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [
        ((), [0]),
        ((30,), [1]),
        ((30, 30, 30, 30, 30), [2, 2, 1]),
        # With what is around its line, each has 50 bytes: two fill a slice to its last byte.
        ((41, 41, 41, 41), [2, 2]),
        ((42, 41, 41), [1, 2]),
        ((500,), [1]),
        ((1, 500, 1, 1), [1, 1, 2]),
    ],
)
def test_slices(sizes: tuple[int, ...], counts: list[int]) -> None:
    entries = _entries(*sizes)
    found = [msgpack.unpackb(part) for part in slices(msgpack.packb(entries))]
    assert [entry for part in found for entry in part] == entries
    assert list(map(len, found)) == counts


def test_slices_of_a_view() -> None:
    entries = _entries(*[30] * 9)
    view = memoryview(b"before" + msgpack.packb(entries))[6:]
    assert [entry for part in slices(view) for entry in msgpack.unpackb(part)] == entries


@pytest.mark.parametrize(("count", "counts"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_few_at_a_time(count: int, counts: list[int]) -> None:
    entries = _entries(*range(count))
    found = [msgpack.unpackb(part) for part in few_at_a_time(msgpack.packb(entries))]
    assert [entry for part in found for entry in part] == entries
    assert list(map(len, found)) == counts
