"""Damaged input: every line is a row or a dead letter with its bytes, and what is whole stays whole."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from collector.payload import Payload
from collector.spool.frame import encode
from collector.transforms.formats import TransformConfig, formats, statement
from storage.store import Store

_GOLDEN = Path(__file__).parents[1] / "golden"
_NUMBERS = itertools.count()

# Of each format, lines to damage and a line that must survive whatever stands around it.
_WHOLE = {
    "combined": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /survivor HTTP/1.1" 200 10 "-" "-" 0.007 0.006',
    "common": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /survivor HTTP/1.1" 200 10',
    "haproxy": b"10.0.0.9:1 [23/Nov/2026:10:15:30.000] in survivor/s 0/0/0/1/7 200 10 - - ---- 1/1/1/1/0 0/0"
    b' "GET /survivor HTTP/1.1"',
    "mule_analytics": b'{"api_id":1,"received_ts":"2026-11-23T10:15:30.114Z","status_code":200,"path":"/survivor"}',
    "mule_log": b"INFO  2026-11-23 10:15:30,123 [main] org.mule.Example: survivor",
}
_LINES = {
    name: [line for path in sorted((_GOLDEN / name).glob("*.in")) for line in path.read_bytes().split(b"\n") if line]
    for name in _WHOLE
}

Damage = Callable[[bytes], bytes]

_PIECES = st.sampled_from(
    [b"", b'"', b"\\", b"\xff", b"\0", b"[", b"]", b"{", b"}", b" ", b"-1", b"=", b"null", b"\xc3", b":"]
)
_DAMAGES: st.SearchStrategy[Damage] = st.one_of(
    st.just(lambda line: line),
    st.floats(0, 1).map(lambda share: lambda line: line[: int(share * len(line))]),
    st.floats(0, 1).map(lambda share: lambda line: line[int(share * len(line)) :]),
    st.tuples(st.floats(0, 1), _PIECES, st.integers(0, 9)).map(
        lambda drawn: lambda line: _replaced(line, drawn[0], drawn[1], drawn[2])
    ),
    st.tuples(st.floats(0, 1), st.integers(1, 255)).map(lambda drawn: lambda line: _flipped(line, drawn[0], drawn[1])),
)


def _replaced(line: bytes, share: float, piece: bytes, length: int) -> bytes:
    at = int(share * len(line))
    return line[:at] + piece + line[at + length :]


def _flipped(line: bytes, share: float, bits: int) -> bytes:
    at = min(int(share * len(line)), len(line) - 1)
    return line[:at] + bytes([line[at] ^ bits]) + line[at + 1 :]


def _load(store: Store, directory: Path, name: str, body: bytes) -> str:
    """Make rows of a body; returns the segment that they are of."""
    known, segment = formats()[name], f"damage-{name}-{next(_NUMBERS)}"
    path = directory / f"{segment}.ready"
    path.write_bytes(encode(Payload(name, body, time.time_ns() // 1000, "damage")))
    select = statement(known, segment, path, TransformConfig())
    store.load(select, known.shape.into, known.shape.columns, segment, known.schema)
    path.unlink()
    return segment


def _counted(store: Store, segment: str) -> tuple[int, int, int]:
    """Records by the books, survivors, and rows of all tables."""
    [(records,)] = store.rows("SELECT sum(records) FROM books WHERE segment_id = {s:String}", {"s": segment})
    survivors = rows = 0
    for table, text in (("requests", "path"), ("logs", "body"), ("dead_letters", "body")):
        # To a record of a log belong the lines that follow it.
        alive_too = f"countIf({text} = '/survivor' OR startsWith({text}, 'survivor'))"
        [(all_rows, alive)] = store.rows(
            f"SELECT count(), {alive_too} FROM {table} WHERE segment_id = {{s:String}}", {"s": segment}
        )
        rows += all_rows
        survivors += alive
    return int(records), survivors, rows


def _bytes_of_dead_letters(store: Store, segment: str) -> list[bytes]:
    found = store.rows("SELECT hex(body) FROM dead_letters WHERE segment_id = {s:String}", {"s": segment})
    return [bytes.fromhex(text) for (text,) in found]


@pytest.mark.parametrize("name", _WHOLE)
@settings(
    max_examples=12,
    deadline=None,
    database=None,
    # To make a failure smaller would take minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_whatever_comes(store: Store, tmp_path: Path, name: str, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.tuples(st.integers(0, len(_LINES[name]) - 1), _DAMAGES), min_size=20, max_size=60))
    lines = [damage(_LINES[name][index]) for index, damage in drawn]
    lines = [line for damaged in lines for line in damaged.split(b"\n")]
    middle = len(lines) // 2
    body = b"\n".join([*lines[:middle], _WHOLE[name], *lines[middle:]])
    segment = _load(store, tmp_path, name, body)
    records, survivors, rows = _counted(store, segment)
    assert records == rows
    assert survivors >= 1
    if not name.startswith("mule"):
        assert records == sum(1 for line in body.split(b"\n") if line.rstrip(b"\r"))
        assert set(_bytes_of_dead_letters(store, segment)) <= set(body.split(b"\n"))
    assert all(dead in body for dead in _bytes_of_dead_letters(store, segment))


@pytest.mark.parametrize("name", _WHOLE)
def test_a_line_cut_off_anywhere_is_no_other_request(store: Store, tmp_path: Path, name: str) -> None:
    """Of a line that ends in a quote or a bracket, only the whole is a row."""
    whole = {
        "combined": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /cut HTTP/1.1" 200 10 "-" "agent"',
        "common": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /cut HTTP/1.1" 200 1',
        "haproxy": _WHOLE["haproxy"],
        "mule_analytics": _WHOLE["mule_analytics"],
        "mule_log": b'{"timeMillis":1795428933000,"thread":"main","level":"INFO","loggerName":"a.B","message":"x"}',
    }[name]
    parts = [whole[:length] for length in range(1, len(whole) + 1)]
    segment = _load(store, tmp_path, name, b"\n".join(parts))
    dead = _bytes_of_dead_letters(store, segment)
    records, _, rows = _counted(store, segment)
    assert records == rows == len(parts)
    assert sorted(dead) == sorted(parts[:-1])


@pytest.mark.parametrize("name", _WHOLE)
@pytest.mark.parametrize("piece", [b"x", b'\\"', b"a=b ", b"\xff", b"\xc3\xa9", b"[", b"{"])
def test_a_field_of_a_megabyte(store: Store, tmp_path: Path, name: str, piece: bytes) -> None:
    field = piece * ((1 << 20) // len(piece))
    lines = [line.replace(b"curl/8.5.0", field).replace(b"/orders", b"/" + field) for line in _LINES[name][:3]]
    body = b"\n".join([*lines, field, _WHOLE[name], field[:1000] + b"\0" + field[:1000]])
    records, survivors, rows = _counted(store, _load(store, tmp_path, name, body))
    assert records == rows > 1
    assert survivors == 1
