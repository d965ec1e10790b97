"""Importing files: the same rows however they are packed, each line once however often the file comes or grows."""

import gzip
import time
from pathlib import Path

import pytest
import zstandard

from collector.books import stored_segments
from collector.formats.formats import FORMATS
from collector.importer import Block, ImportSummary, import_file
from collector.payload import Payload
from collector.spool.spool import Spool, SpoolConfig
from storage.errors import GatelensError, PayloadError
from storage.store import Store
from tests.collector.access_logs import counts, json_line, json_lines
from tests.collector.storing import writer_of

_TEXT_LINE = b'[2026-11-23T10:15:30.123Z] "GET /orders/v1/items HTTP/1.1" 200 - 0 9 12 11 "-" "curl" "id" "host" "-"\n'


class _Memory:
    """Takes blocks and remembers them."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.asked = 0

    def stored(self, prefix: str) -> set[str]:
        self.asked += 1
        return {segment_id for segment_id in self.blocks if segment_id.startswith(prefix)}

    def send(self, block: Block) -> None:
        assert block.segment_id not in self.blocks
        self.blocks[block.segment_id] = block

    @property
    def content(self) -> bytes:
        return b"".join(block.body for block in self.blocks.values())


class _Stored:
    """Stores each block at once."""

    def __init__(self, store: Store, directory: Path) -> None:
        self._store = store
        self._spool = Spool(directory, SpoolConfig())
        self._writer = writer_of(store, self._spool)

    def stored(self, prefix: str) -> set[str]:
        return set(stored_segments(self._store, prefix))

    def send(self, block: Block) -> None:
        payload = Payload(
            block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, block.peer
        )
        self._spool.append_segment(block.segment_id, [payload])
        segment = self._spool.take(0)
        assert segment is not None
        self._writer.store(segment)

    def close(self) -> None:
        self._spool.close()


def _packed(path: Path, content: bytes) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content[:1000]) + gzip.compress(content[1000:]))
    elif path.suffix == ".zst":
        path.write_bytes(zstandard.compress(content[:1000]) + zstandard.compress(content[1000:]))
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", ["log", "gz", "zst"])
def test_the_same_rows_however_packed(store: Store, tmp_path: Path, suffix: str) -> None:
    environment = f"import-{suffix}"
    path = _packed(tmp_path / f"access.{suffix}", json_lines("p", range(40)) + b"broken\n")
    sink = _Stored(store, tmp_path / "spool")
    try:
        for _ in range(2):
            import_file(path, sink, environment=environment, gateway="edge", block_bytes=2000)
        stored = {"requests": 40, "logs": 0, "dead_letters": 1, "api_1m": 40, "api_1h": 40}
        assert counts(store, environment) == stored
        sql = "SELECT DISTINCT gateway, peer FROM dead_letters, requests WHERE dead_letters.environment = {e:String}"
        assert store.rows(f"{sql} AND requests.environment = {{e:String}}", {"e": environment}) == [
            ("edge", f"./{path.name}")
        ]
        import_file(path, sink, environment=environment, gateway="edge", salt="again", block_bytes=2000)
        assert counts(store, environment) == {name: 2 * count for name, count in stored.items()}
    finally:
        sink.close()


def test_packing_does_not_change_what_is_known(tmp_path: Path) -> None:
    content = json_lines("k", range(50))
    sink = _Memory()
    for name in ("a.log", "a.log.gz", "a.log.zst"):
        summary = import_file(_packed(tmp_path / name, content), sink, block_bytes=3000)
        assert summary.bytes_read == len(content)
    assert summary.blocks_known == summary.blocks == len(sink.blocks)
    assert sink.content == content


def test_blocks_end_with_lines(tmp_path: Path) -> None:
    content = json_lines("b", range(100))
    sink = _Memory()
    positions: list[int] = []
    summary = import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=1500, progress=positions.append)
    assert summary == ImportSummary("envoy_json", len(content), list(sink.blocks), 0)
    assert all(block.body.endswith(b"}\n") for block in sink.blocks.values())
    assert len(sink.blocks) > 5
    assert sink.asked <= len(sink.blocks) + 1
    assert positions[-1] == len(content)


def test_environment_gateway_and_salt_make_other_blocks(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.log", json_lines("o", range(3)))
    sink = _Memory()
    import_file(path, sink)
    import_file(path, sink, environment="staging")
    import_file(path, sink, gateway="edge")
    import_file(path, sink, salt="x")
    assert len(sink.blocks) == 4


@pytest.mark.parametrize("grown_by", [1, 7, 60])
@pytest.mark.parametrize("tail", [b"", b'{"method": "GET", "pa'], ids=["whole lines", "half a line"])
def test_a_file_that_grows_adds_only_what_is_new(tmp_path: Path, grown_by: int, tail: bytes) -> None:
    lines = [json_line(f"g-{number}") for number in range(10 + 4 * grown_by)]
    path = tmp_path / "a.log"
    sink = _Memory()
    size = 10
    while size <= len(lines):
        path.write_bytes(b"".join(lines[:size]) + tail)
        import_file(path, sink, block_bytes=4000)
        size += grown_by
    sent = [line for block in sink.blocks.values() for line in block.body.splitlines(keepends=True)]
    assert [line for line in sent if line != tail] == lines
    known = import_file(path, sink, block_bytes=4000)
    assert known.blocks_known == known.blocks


class _InParts(_Memory):
    """Takes blocks of which only the parts are stored, as of those that were too much at once."""

    def stored(self, prefix: str) -> set[str]:
        return {f"{segment_id}-{part}" for segment_id in super().stored(prefix) for part in (0, 1)}


def test_a_file_grows_whose_blocks_were_stored_in_parts(tmp_path: Path) -> None:
    path, sink = tmp_path / "a.log", _InParts()
    lines = [json_line(f"part-{number}") for number in range(30)]
    for size in (20, 30, 30):
        path.write_bytes(b"".join(lines[:size]))
        summary = import_file(path, sink, block_bytes=4000)
    assert sink.content == b"".join(lines)
    assert summary.blocks_known == summary.blocks


def test_a_file_that_was_replaced_is_stored(tmp_path: Path) -> None:
    path, sink = tmp_path / "a.log", _Memory()
    for prefix in ("before", "after"):
        path.write_bytes(json_lines(prefix, range(20)))
        assert import_file(path, sink, block_bytes=1000).blocks_known == 0
    assert sink.content.count(b'"before-') == sink.content.count(b'"after-') == 20


def test_a_last_line_without_an_end_is_stored(tmp_path: Path) -> None:
    content = json_lines("e", range(3)).rstrip(b"\n")
    sink = _Memory()
    import_file(_packed(tmp_path / "a.log", content), sink)
    assert sink.content == content


def test_a_line_longer_than_a_block_stays_whole(tmp_path: Path) -> None:
    content = json_line("short") + json_line("long", path="/" + "x" * 9000) + json_line("short")
    sink = _Memory()
    import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=100)
    assert [block.body for block in sink.blocks.values()] == content.splitlines(keepends=True)


def test_lines_longer_than_what_fits_behind_a_block(tmp_path: Path) -> None:
    long = json_line("long", path="/" + "x" * (2 << 20))
    content = json_line("short") + long + json_line("short")
    sink = _Memory()
    import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=10_000)
    assert sink.content == content


def test_a_file_without_lines_is_told_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.log", json_line("short") + b"x" * (3 << 20))
    with pytest.raises(GatelensError, match="a line of 2098152 bytes or more; check that it is a log of lines"):
        import_file(path, _Memory(), block_bytes=1000)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (_TEXT_LINE, "envoy_text"),
        (b"\n\r\n" + _TEXT_LINE, "envoy_text"),
        (json_line("x"), "envoy_json"),
        (b'{"start_time": null, "method": "GET", "path": "/"}', "envoy_json"),
        (b'{"hello": "world"}\n', None),
        (b'{"start_time": "cut off', None),
        (b"127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n", "common"),
        (b"[]\n", None),
        (b"\xff\xfe\n", None),
        (b"", None),
    ],
)  # fmt: skip
def test_formats_are_recognised_from_the_first_line(head: bytes, found: str | None) -> None:
    assert FORMATS.recogniser.detect(head) == found


def test_the_format_may_be_named(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.log", b"nothing that we know\n")
    with pytest.raises(PayloadError, match="is not recognised from its first line; name it with --format"):
        import_file(path, _Memory())
    with pytest.raises(PayloadError, match="Format 'otlp_logs' is not one of files; use envoy_json"):
        import_file(path, _Memory(), format_name="otlp_logs")
    assert import_file(path, _Memory(), format_name="envoy_text").format == "envoy_text"


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("damage", ["cut off", "overwritten", "no more than a head"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, suffix: str, damage: str) -> None:
    content = json_lines("d", range(3000))
    path = tmp_path / f"a.{suffix}"
    packed = gzip.compress(content) if suffix == "gz" else zstandard.compress(content)
    middle = len(packed) // 2
    path.write_bytes(
        {
            "cut off": packed[:-20],
            "overwritten": packed[:middle] + b"\0\xff" * 40 + packed[middle + 80 :],
            "no more than a head": packed[:5],
        }[damage]
    )
    sink = _Memory()
    with pytest.raises(GatelensError, match=r"cannot be read to its end: .*Check the file; ") as raised:
        import_file(path, sink, block_bytes=10_000)
    stored = sink.content
    assert not stored or stored.endswith(b"\n")
    told = f"its first {len(stored):,} bytes, unpacked, are stored" if stored else "nothing of it is stored."
    assert told in str(raised.value)
    assert ("may be wrong" in str(raised.value)) == (damage == "overwritten" and bool(stored))
    assert damage == "overwritten" or content.startswith(stored)
    if damage == "cut off":
        assert len(content) - len(stored) < 100_000
        path.write_bytes(packed)
        again = import_file(path, sink, block_bytes=10_000)
        assert again.blocks_known > 0
        assert sink.content == content


@pytest.mark.parametrize("packed", [b"", gzip.compress(b""), zstandard.compress(b"")])
def test_an_empty_file_has_nothing_in_it(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "empty.log"
    path.write_bytes(packed)
    sink = _Memory()
    assert import_file(path, sink) == ImportSummary("")
    assert sink.content == b""


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GatelensError, match=r"nowhere\.log cannot be read: .*No such file"):
        import_file(tmp_path / "nowhere.log", _Memory())
