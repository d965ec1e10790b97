"""What is piped in: read as it comes, known again by its content."""

import bz2
import gzip
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard

from collector.formats.formats import FORMATS
from collector.importer.block import ImportSummary, Labels
from collector.importer.importer import import_file, import_stream
from collector.importer.sorting import Sorter
from storage.errors import GatelensError
from tests.collector.rigs.access_logs import json_lines
from tests.collector.rigs.import_rig import MemorySink


@contextmanager
def _pipe(content: bytes, piece: int = 100) -> Iterator[BinaryIO]:
    """The end of a pipe to read from, into which a few bytes are written at a time."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for start in range(0, len(content), piece):
                pipe.write(content[start : start + piece])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield pipe
    finally:
        writer.join()


def _imported(content: bytes, sink: MemorySink) -> ImportSummary:
    with _pipe(content) as pipe:
        return import_stream(pipe, Sorter("stdin", FORMATS), sink, Labels(name="stdin"), 3000)


def test_a_pipe_is_cut_as_the_file_is(tmp_path: Path) -> None:
    content = json_lines("pipe", range(60))
    path, sink = tmp_path / "a.log", MemorySink()
    summary = _imported(content, sink)
    assert sink.content == content
    assert {block.peer for block in sink.blocks.values()} == {"./stdin"}
    # The same bytes are the same log, however they come.
    assert _imported(content, sink).blocks_known == summary.blocks > 3
    path.write_bytes(content)
    assert import_file(path, sink, block_bytes=3000).blocks_known == summary.blocks


def test_a_pipe_that_goes_on_longer_adds_the_rest() -> None:
    content, sink = json_lines("on", range(60)), MemorySink()
    half = len(b"".join(content.splitlines(keepends=True)[:31]))
    _imported(content[:half], sink)
    _imported(content, sink)
    assert sink.content == content


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bz2.compress])
def test_a_pipe_may_be_packed(pack: Callable[[bytes], bytes]) -> None:
    content, sink = json_lines("packed", range(30)), MemorySink()
    _imported(pack(content), sink)
    assert sink.content == content


def test_a_pipe_that_is_cut_off_is_reported() -> None:
    content, sink = json_lines("cut", range(3000)), MemorySink()
    with pytest.raises(GatelensError, match=r"stdin cannot be read to its end: .*its first [\d,]+ bytes, unpacked"):
        _imported(gzip.compress(content)[:-20], sink)
    assert content.startswith(sink.content)
    assert sink.content


def test_an_empty_pipe_has_nothing_in_it() -> None:
    assert _imported(b"", MemorySink()) == ImportSummary("")


def test_a_name_that_leads_to_a_pipe(tmp_path: Path) -> None:
    content, sink = json_lines("named", range(30)), MemorySink()
    positions: list[int] = []
    with _pipe(content) as pipe:
        import_file(Path(f"/proc/self/fd/{pipe.fileno()}"), sink, block_bytes=3000, progress=positions.append)
    assert sink.content == content
    assert positions[-1] == len(content)


def test_no_more_than_a_block_is_read_ahead() -> None:
    class _Counting(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
            piece = source.read(len(view))
            view[: len(piece)] = piece
            self.taken += len(piece)
            return len(piece)

    class _Slow(MemorySink):
        def send(self, block: object) -> None:
            super().send(block)  # type: ignore[arg-type]
            ahead.append(counting.taken - len(self.content))

    source, counting = io.BytesIO(json_lines("ahead", range(40_000))), _Counting()
    ahead: list[int] = []
    import_stream(io.BufferedReader(counting), Sorter("stdin", FORMATS), _Slow(), Labels(), 1 << 20)
    assert max(ahead) < 4 << 20
