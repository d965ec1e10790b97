"""Importing files: the same rows however they are packed, each line once however often the file comes or grows."""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from collector.errors import PayloadError
from collector.formats.formats import FORMATS
from collector.importer.block import ImportSummary, Labels
from collector.importer.importer import import_file
from storage.errors import GatelensError
from storage.store import Store
from tests.collector.rigs.access_logs import counts, json_line, json_lines
from tests.collector.rigs.import_rig import MemorySink, StoredSink

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
_TEXT_LINE = b'[2026-11-23T10:15:30.123Z] "GET /orders/v1/items HTTP/1.1" 200 - 0 9 12 11 "-" "curl" "id" "host" "-"\n'


def _packed(path: Path, content: bytes) -> Path:
    compress = _COMPRESS.get(path.suffix, bytes)
    path.write_bytes(compress(content[:1000]) + compress(content[1000:]))
    return path


@pytest.mark.parametrize("suffix", ["log", "gz", "zst", "bz2", "xz"])
def test_the_same_rows_however_packed(store: Store, tmp_path: Path, suffix: str) -> None:
    environment = f"import-{suffix}"
    path = _packed(tmp_path / f"access.{suffix}", json_lines("p", range(40)) + b"broken\n")
    sink = StoredSink(store, tmp_path / "spool")
    try:
        for _ in range(2):
            import_file(path, sink, Labels(environment, "edge"), block_bytes=2000)
        stored = {"requests": 40, "logs": 0, "dead_letters": 1, "api_1m": 40, "api_1h": 40}
        assert counts(store, environment) == stored
        sql = "SELECT DISTINCT gateway, peer FROM dead_letters, requests WHERE dead_letters.environment = {e:String}"
        assert store.rows(f"{sql} AND requests.environment = {{e:String}}", {"e": environment}) == [
            ("edge", f"./{path.name}")
        ]
        import_file(path, sink, Labels(environment, "edge", salt="again"), block_bytes=2000)
        assert counts(store, environment) == {name: 2 * count for name, count in stored.items()}
    finally:
        sink.close()


def test_packing_does_not_change_what_is_known(tmp_path: Path) -> None:
    content = json_lines("k", range(50))
    sink = MemorySink()
    for name in ("a.log", "a.log.gz", "a.log.zst", "a.log.bz2", "a.log.xz"):
        summary = import_file(_packed(tmp_path / name, content), sink, block_bytes=3000)
        assert summary.bytes_read == len(content)
    assert summary.blocks_known == summary.blocks == len(sink.blocks)
    assert sink.content == content


def test_blocks_end_with_lines(tmp_path: Path) -> None:
    content = json_lines("b", range(100))
    sink = MemorySink()
    positions: list[int] = []
    summary = import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=1500, progress=positions.append)
    assert summary == ImportSummary("envoy_json", len(content), list(sink.blocks), 0)
    assert all(block.body.endswith(b"}\n") for block in sink.blocks.values())
    assert len(sink.blocks) > 5
    assert sink.asked <= len(sink.blocks) + 1
    assert positions[-1] == len(content)


def test_environment_gateway_and_salt_make_other_blocks(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.log", json_lines("o", range(3)))
    sink = MemorySink()
    import_file(path, sink)
    for labels in (Labels("staging"), Labels(gateway="edge"), Labels(salt="x"), Labels(keep_time=True)):
        import_file(path, sink, labels)
    assert len(sink.blocks) == 5


@pytest.mark.parametrize("grown_by", [1, 7, 60])
@pytest.mark.parametrize("tail", [b"", b'{"method": "GET", "pa'], ids=["whole lines", "half a line"])
def test_a_file_that_grows_adds_only_what_is_new(tmp_path: Path, grown_by: int, tail: bytes) -> None:
    lines = [json_line(f"g-{number}") for number in range(10 + 4 * grown_by)]
    path = tmp_path / "a.log"
    sink = MemorySink()
    size = 10
    while size <= len(lines):
        path.write_bytes(b"".join(lines[:size]) + tail)
        import_file(path, sink, block_bytes=4000)
        size += grown_by
    sent = [line for block in sink.blocks.values() for line in block.body.splitlines(keepends=True)]
    assert [line for line in sent if line != tail] == lines
    known = import_file(path, sink, block_bytes=4000)
    assert known.blocks_known == known.blocks


class _InParts(MemorySink):
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
    path, sink = tmp_path / "a.log", MemorySink()
    for prefix in ("before", "after"):
        path.write_bytes(json_lines(prefix, range(20)))
        assert import_file(path, sink, block_bytes=1000).blocks_known == 0
    assert sink.content.count(b'"before-') == sink.content.count(b'"after-') == 20


def test_a_last_line_without_an_end_is_stored(tmp_path: Path) -> None:
    content = json_lines("e", range(3)).rstrip(b"\n")
    sink = MemorySink()
    import_file(_packed(tmp_path / "a.log", content), sink)
    assert sink.content == content


def test_a_line_longer_than_a_block_stays_whole(tmp_path: Path) -> None:
    content = json_line("short") + json_line("long", path="/" + "x" * 9000) + json_line("short")
    sink = MemorySink()
    import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=100)
    assert [block.body for block in sink.blocks.values()] == content.splitlines(keepends=True)


def test_lines_longer_than_what_fits_behind_a_block(tmp_path: Path) -> None:
    long = json_line("long", path="/" + "x" * (2 << 20))
    content = json_line("short") + long + json_line("short")
    sink = MemorySink()
    import_file(_packed(tmp_path / "a.log", content), sink, block_bytes=10_000)
    assert sink.lines() == {"envoy_json": content.splitlines()}


def test_a_file_without_lines_is_reported_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = _packed(tmp_path / "a.log", json_line("short") + b"x" * (3 << 20))
    with pytest.raises(GatelensError, match="a line of 2098152 bytes or more; check that it is a log of lines"):
        import_file(path, MemorySink(), block_bytes=1000)


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
    with pytest.raises(PayloadError, match=r"a\.log is in no known format.*\nName its format with --format"):
        import_file(path, MemorySink())
    with pytest.raises(PayloadError, match="Format 'otlp_logs' cannot be read from files; use one of envoy_json"):
        import_file(path, MemorySink(), format_name="otlp_logs")
    assert import_file(path, MemorySink(), format_name="envoy_text").format == "envoy_text"


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz"])
@pytest.mark.parametrize("damage", ["cut off", "overwritten", "no more than a head"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, suffix: str, damage: str) -> None:
    content = json_lines("d", range(3000))
    path = tmp_path / f"a.{suffix}"
    packed = _COMPRESS[path.suffix](content)
    middle = len(packed) // 2
    path.write_bytes(
        {
            "cut off": packed[:-20],
            "overwritten": packed[:middle] + b"\0\xff" * 40 + packed[middle + 80 :],
            "no more than a head": packed[:5],
        }[damage]
    )
    sink = MemorySink()
    with pytest.raises(GatelensError, match=r"cannot be read to its end: .*Check the file; ") as raised:
        import_file(path, sink, block_bytes=10_000)
    stored = sink.content
    assert not stored or stored.endswith((b"\n", b"}"))
    told = r"its first [\d,]+ bytes, unpacked, are stored" if stored else r"nothing of it is stored\."
    assert re.search(told, str(raised.value))
    if damage != "overwritten" and stored:
        assert f"its first {len(stored):,} bytes" in str(raised.value)
    assert ("may be wrong" in str(raised.value)) == (damage == "overwritten" and bool(stored))
    assert damage == "overwritten" or content.startswith(stored)
    if damage == "cut off":
        # bzip2 packs 900 kB at a time.
        assert suffix == "bz2" or len(content) - len(stored) < 100_000
        path.write_bytes(packed)
        again = import_file(path, sink, block_bytes=10_000)
        assert suffix == "bz2" or again.blocks_known > 0
        assert sink.content == content


@pytest.mark.parametrize("packed", [b"", gzip.compress(b""), zstandard.compress(b"")])
def test_an_empty_file_has_nothing_in_it(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "empty.log"
    path.write_bytes(packed)
    sink = MemorySink()
    assert import_file(path, sink) == ImportSummary("")
    assert sink.content == b""


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GatelensError, match=r"nowhere\.log cannot be read: .*No such file"):
        import_file(tmp_path / "nowhere.log", MemorySink())
