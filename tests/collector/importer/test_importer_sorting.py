"""Logs of several formats, and what is wrapped or cannot be read: each record goes where `/ingest` would put it."""

import json
from pathlib import Path

import pytest

from collector.errors import PayloadError
from collector.formats.custom.known import known_formats
from collector.formats.formats import FORMATS
from collector.importer.block import Block, Labels
from collector.importer.importer import import_file
from collector.records.json_body import recognised, unframed
from storage.errors import GatelensError
from storage.store import Store
from tests.collector.rigs.access_logs import counts, json_line, json_lines
from tests.collector.rigs.import_rig import MemorySink, StoredSink


def _combined(number: int) -> bytes:
    return b'192.0.2.7 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/%d HTTP/1.1" 200 10 "-" "curl"\n' % number


def _envoy(number: int) -> bytes:
    return b'[2026-11-23T10:15:30.123Z] "GET /%d HTTP/1.1" 200 - 0 9 12 11 "-" "curl" "id" "host" "-"\n' % number


def _docker(line: bytes) -> bytes:
    wrapped = {"log": line.decode(), "stream": "stdout", "time": "2026-11-23T10:15:30.123456789Z"}
    return json.dumps(wrapped).encode() + b"\n"


def _imported(path: Path, content: bytes, format_name: str = "", block_bytes: int = 1 << 20) -> MemorySink:
    path.write_bytes(content)
    sink = MemorySink()
    import_file(path, sink, format_name=format_name, block_bytes=block_bytes)
    return sink


def test_the_format_is_found_behind_other_lines(tmp_path: Path) -> None:
    started = b"2026-11-23T09:29:20.896837Z\tinfo\tEnvoy proxy is ready\n" * 99
    assert list(_imported(tmp_path / "a.log", started + _envoy(1)).lines()) == ["envoy_text"]
    with pytest.raises(PayloadError, match="is in no known format, judging by its first lines"):
        _imported(tmp_path / "b.log", b"of an application\n" * 100 + _envoy(1))


@pytest.mark.parametrize(
    ("message", "program"),
    [
        (b"2026/11/23 10:15:30 [error] 7#7: *1 connect() failed (111: Connection refused)\n", "combined"),
        (b"[Mon Nov 23 10:15:30.123456 2026] [proxy:error] [pid 7] AH00957: attempt failed\n", "combined"),
        (b"[2026-11-23 10:15:30.123][1][info][main] [source/server/server.cc:1] starting\n", "envoy_text"),
        (b"2026-11-23T10:15:30.123456Z\tinfo\tEnvoy proxy is ready\n", "envoy_text"),
    ],
)
def test_a_log_of_messages_alone_is_of_their_program(tmp_path: Path, message: bytes, program: str) -> None:
    assert _imported(tmp_path / "error.log", message * 3).lines() == {program: [message.rstrip()] * 3}
    # An access log in it tells more.
    assert list(_imported(tmp_path / "all.log", message * 3 + _combined(1)).lines()) == ["combined"]


def test_messages_between_objects_stay_with_their_format(tmp_path: Path) -> None:
    message = b"2026-11-23T09:29:20.896837Z\tinfo\tEnvoy proxy is ready\n"
    content = json_line("a") + message + json_line("b")
    assert _imported(tmp_path / "a.log", content).lines() == {"envoy_json": content.splitlines()}


@pytest.mark.parametrize("format_name", ["", "combined"])
def test_lines_are_taken_out_of_what_wraps_them(tmp_path: Path, format_name: str) -> None:
    lines = [_combined(number) for number in range(50)]
    sink = _imported(tmp_path / "a.log", b"".join(map(_docker, lines)), format_name)
    assert sink.lines() == {"combined": [line.rstrip() for line in lines]}


def test_each_record_goes_to_its_format_in_order(tmp_path: Path) -> None:
    content = b"".join(
        _combined(number) + json_line(f"m-{number}") + b'{"level": "info", "n": %d}\n' % number + _envoy(number)
        for number in range(200)
    )
    sink = _imported(tmp_path / "a.log", content, block_bytes=20_000)
    found = sink.lines()
    assert found["combined"] == [_combined(number).rstrip() for number in range(200)]
    assert found["envoy_text"] == [_envoy(number).rstrip() for number in range(200)]
    assert [json.loads(line)["request_id"] for line in found["envoy_json"]] == [f"m-{number}" for number in range(200)]
    assert [json.loads(line)["n"] for line in found["json"]] == list(range(200))
    # As a body of the same lines would be.
    assert found.keys() == {part.format for part in recognised(unframed(content), FORMATS)}


def test_a_log_of_one_format_is_handed_over_as_it_is(tmp_path: Path) -> None:
    content = b"".join(map(_combined, range(500)))
    sink = _imported(tmp_path / "a.log", content, block_bytes=5000)
    assert sink.content == content
    assert all("_" not in segment_id for segment_id in sink.blocks)


class _Dying(MemorySink):
    """Dies after so many blocks."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self._left = blocks

    def send(self, block: Block) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        super().send(block)


@pytest.mark.parametrize("blocks", range(7))
@pytest.mark.parametrize("is_grown", [False, True])
def test_a_block_that_is_half_stored_is_completed(tmp_path: Path, blocks: int, is_grown: bool) -> None:
    path = tmp_path / "a.log"
    lines = [_combined(number) + _envoy(number) + json_line(f"d-{number}") for number in range(60)]
    path.write_bytes(b"".join(lines[:50]))
    dying = _Dying(blocks)
    with pytest.raises(KeyboardInterrupt):
        import_file(path, dying, block_bytes=5000)
    sink = MemorySink()
    sink.blocks = dict(dying.blocks)
    if is_grown:
        path.write_bytes(b"".join(lines))
    import_file(path, sink, block_bytes=5000)
    found = [line for lines in sink.lines().values() for line in lines]
    assert sorted(found) == sorted(path.read_bytes().splitlines())
    again = import_file(path, sink, block_bytes=5000)
    assert again.blocks_known == again.blocks > 2


def test_a_file_of_several_formats_is_stored_once(store: Store, tmp_path: Path) -> None:
    path, sink = tmp_path / "a.log", StoredSink(store, tmp_path / "spool")
    path.write_bytes(json_lines("mixed", range(20)) + b'{"level": "info", "msg": "ready"}\n' * 3 + b"broken\n")
    try:
        for _ in range(2):
            summary = import_file(path, sink, Labels("import-mixed"))
    finally:
        sink.close()
    found = counts(store, "import-mixed")
    assert (found["requests"], found["logs"] + found["dead_letters"]) == (20, 4)
    assert (summary.blocks, summary.blocks_known) == (1, 1)


def test_zeros_that_a_crash_left_do_not_take_the_lines_around_them(tmp_path: Path) -> None:
    sink = _imported(
        tmp_path / "a.log", bytes(5000) + _combined(1) + _combined(2)[:40] + bytes(900) + b"\n" + _combined(3)
    )
    lines = sink.lines()["combined"]
    assert (lines[0], lines[2]) == (_combined(1).rstrip(), _combined(3).rstrip())


@pytest.mark.parametrize("format_name", ["", "combined"])
def test_a_binary_file_is_refused(tmp_path: Path, format_name: str) -> None:
    with pytest.raises(PayloadError, match=r"a\.log is binary; import the text log"):
        _imported(tmp_path / "a.log", b"PK\3\4\0\0\0\1zip\n\0\0 and more\n" * 20, format_name)


def test_a_json_array_is_its_records(tmp_path: Path) -> None:
    records = [json.loads(json_line(f"array-{number}")) for number in range(3)]
    sink = _imported(tmp_path / "a.json", json.dumps(records, indent=2).encode())
    assert [json.loads(line)["request_id"] for line in sink.lines()["envoy_json"]] == [f"array-{n}" for n in range(3)]
    with pytest.raises(PayloadError, match=r"a\.json: The body is a JSON array that cannot be read"):
        _imported(tmp_path / "a.json", json.dumps(records).encode()[:-5])


def test_a_file_of_blank_lines_has_nothing_in_it(tmp_path: Path) -> None:
    assert _imported(tmp_path / "a.log", b"\n \n\n").blocks == {}


def test_a_directory_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GatelensError, match=r"is a directory; name the files in it, such as .*/\*\.log"):
        import_file(tmp_path, MemorySink())


def test_the_closest_formats_are_listed(tmp_path: Path) -> None:
    line = b'192.0.2.9 - - [10/Feb/2026:21:24:02 +0100] "GET /\x1b[31m HTTP/1.1"  \x1b[31m200 18468 "-"\n'
    path = tmp_path / "a.log"
    path.write_bytes(line)
    with pytest.raises(PayloadError) as raised:
        import_file(path, MemorySink(), formats=known_formats())
    told = str(raised.value).splitlines()
    assert told[1] == "Closest:"
    assert {near.split()[0] for near in told[2:4]} == {"common", "combined"}
    assert r"fits line 1 up to column" in told[2]
    assert r"but not: \x1b[31m200 18468" in told[2]
    assert "--log-format nginx='...'" in told[-1]
    assert "gatelens formats try" in told[-1]
