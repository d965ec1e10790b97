"""Damaged lines: every one is a row or a dead letter with its bytes, and what is whole stays whole."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.store import Store
from tests.collector.damage.damage_rig import (
    DAMAGES,
    FLEX_MESSAGE,
    GOLDEN,
    LINES,
    dead_letters,
    load,
    records,
    rows,
)

_TO_DAMAGE = {
    name: [line for path in sorted((GOLDEN / name).glob("*.in")) for line in path.read_bytes().split(b"\n") if line]
    for name in LINES
}
# Records of several lines.
_OF_MANY_LINES = ("mule_analytics", "mule_log", "flex")
# Text columns that hold what a client sent.
_TEXTS = {
    "requests": ("path", "user_agent", "request_id", "api", "route", "consumer", "upstream", "toString(attributes)"),
    "logs": ("body", "gateway", "instance", "toString(attributes)"),
}


def _survivors(store: Store, segment: str) -> int:
    # To a record of a log belong the lines that follow it.
    told = (("requests", "path"), ("logs", "body"))
    return sum(
        rows(store, table, f"countIf({text} = '/survivor' OR startsWith({text}, 'survivor'))", segment)[0][0]
        for table, text in told
    )


def _is_text(store: Store, segment: str) -> bool:
    """Whether all that is stored can be shown; dead letters keep the bytes that came."""
    return all(
        rows(store, table, f"countIf(NOT isValidUTF8({text}))", segment) == [(0,)]
        for table, texts in _TEXTS.items()
        for text in texts
    )


@pytest.mark.parametrize("name", LINES)
@settings(
    max_examples=4,
    deadline=None,
    database=None,
    # To make a failure smaller would take minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_whatever_comes(store: Store, tmp_path: Path, name: str, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.tuples(st.integers(0, len(_TO_DAMAGE[name]) - 1), DAMAGES), min_size=40, max_size=80))
    lines = [damage(_TO_DAMAGE[name][index]) for index, damage in drawn]
    lines = [line for damaged in lines for line in damaged.split(b"\n")]
    middle = len(lines) // 2
    body = b"\n".join([*lines[:middle], LINES[name], *lines[middle:]])
    segment = load(store, tmp_path, name, body)
    dead = dead_letters(store, segment)
    assert _survivors(store, segment) >= 1
    if name not in _OF_MANY_LINES:
        assert records(store, segment) == sum(1 for line in body.split(b"\n") if line.rstrip(b"\r"))
        assert set(dead) <= set(body.split(b"\n"))
    assert records(store, segment) >= len(dead)
    assert all(letter in body for letter in dead)


@pytest.mark.parametrize("name", LINES)
def test_a_line_cut_off_anywhere_is_no_other_record(store: Store, tmp_path: Path, name: str) -> None:
    """Of a line that ends in a quote or a bracket, only the whole is a row."""
    whole = {
        "combined": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /cut HTTP/1.1" 200 10 "-" "agent"',
        "common": b'10.0.0.9 - - [23/Nov/2026:10:15:30 +0000] "GET /cut HTTP/1.1" 200 1',
        "mule_log": b'{"timeMillis":1795428933000,"thread":"main","level":"INFO","loggerName":"a.B","message":"x"}',
    }.get(name, LINES[name])
    parts = [whole[:length] for length in range(1, len(whole) + 1)]
    segment = load(store, tmp_path, name, b"\n".join(parts))
    assert records(store, segment) == len(parts)
    assert sorted(dead_letters(store, segment)) == sorted(parts[:-1])


@pytest.mark.parametrize("case", ["istio", "istio_1_8"])
def test_of_istios_lines_only_the_last_word_may_be_short(store: Store, tmp_path: Path, case: str) -> None:
    """They end in words without quotes, so that nothing tells whether the last of them is whole."""
    whole = (GOLDEN / "envoy_text" / f"{case}.in").read_bytes().split(b"\n")[0]
    parts = [whole[:length] for length in range(1, len(whole) + 1)]
    segment = load(store, tmp_path, "envoy_text", b"\n".join(parts))
    last = whole.rfind(b" ") + 1
    assert records(store, segment) == len(parts)
    dead = dead_letters(store, segment)
    first_row = next(length for length, part in enumerate(parts, start=1) if part not in dead)
    words = {"istio": 1, "istio_1_8": 2}[case]
    assert len(whole[first_row - 1 :].split()) <= words
    assert first_row <= last + 1
    said = rows(
        store,
        "requests",
        "DISTINCT method, path, status, response_flags, duration_us, upstream_us, request_bytes, response_bytes, "
        "user_agent, request_id, upstream_address, upstream, client_address",
        segment,
    )
    assert len(said) == 1


def test_of_a_text_line_of_flex_only_the_whole_is_a_request(store: Store, tmp_path: Path) -> None:
    whole = b"[flex-gateway-envoy][info] wasm log message-logging.default.orders.default.svc main: [accessLog] "
    whole += json.dumps(FLEX_MESSAGE).encode()
    parts = [whole[:length] for length in range(1, len(whole) + 1)]
    segment = load(store, tmp_path, "flex", b"\n".join(parts))
    assert records(store, segment) == len(parts)
    assert rows(store, "requests", "path, status, duration_us", segment) == [("/survivor", 200, 42_000)]


@pytest.mark.parametrize("name", LINES)
def test_bytes_that_are_no_text(store: Store, tmp_path: Path, name: str) -> None:
    """Each byte of a line made one that UTF-8 does not have."""
    whole = LINES[name]
    lines = [whole[:at] + byte + whole[at + 1 :] for at in range(len(whole)) for byte in (b"\xff", b"\xc3")]
    body = b"\n".join([*lines, whole])
    segment = load(store, tmp_path, name, body)
    assert _survivors(store, segment) >= 1
    assert _is_text(store, segment)
    assert all(letter in body for letter in dead_letters(store, segment))
    if name not in _OF_MANY_LINES:
        assert records(store, segment) == len(lines) + 1


@pytest.mark.parametrize("name", LINES)
def test_fields_of_a_megabyte(store: Store, tmp_path: Path, name: str) -> None:
    bodies = []
    for piece in (b"x", b'\\"', b"a=b ", b"\xff", b"\xc3\xa9", b"[", b"{"):
        field = piece * ((1 << 20) // len(piece))
        line = _TO_DAMAGE[name][0].replace(b"curl/8.5.0", field).replace(b"/orders", b"/" + field)
        bodies.append(b"\n".join([line, field, LINES[name], field[:1000] + b"\0" + field[:1000]]))
    segment = load(store, tmp_path, name, *bodies)
    assert records(store, segment) > len(bodies)
    assert _survivors(store, segment) == len(bodies)


@pytest.mark.parametrize("name", LINES)
def test_what_is_nested_too_deep(store: Store, tmp_path: Path, name: str) -> None:
    levels = 10_000
    objects, lists = b'{"a":' * levels, b"[" * levels
    deep = [
        objects + b"1" + b"}" * levels,
        lists + b"]" * levels,
        b'{"message":' + objects + b"1" + b"}" * levels + b"}",
        b'{"path":"/deep","start_time":"2026-11-23T10:15:30Z","response_code":' + lists + b"]" * levels + b"}",
        objects,
        lists,
    ]
    segment = load(store, tmp_path, name, b"\n".join([*deep, LINES[name]]))
    assert _survivors(store, segment) == 1
    assert rows(store, "requests", "countIf(path = '/deep' AND status = 200)", segment) == [(0,)]
    if name not in _OF_MANY_LINES:
        assert records(store, segment) == len(deep) + 1


def test_a_line_of_thousands_of_pairs_fails_no_other(store: Store, tmp_path: Path) -> None:
    pairs = " ".join(f"a{number}=b" for number in range(2000)).encode()
    for name in ("combined", "haproxy"):
        many = LINES[name].replace(b" 0.007 0.006", b"").replace(b"/survivor ", b"/many ") + b" " + pairs
        segment = load(store, tmp_path, name, LINES[name] + b"\n" + many)
        assert sorted(rows(store, "requests", "path", segment)) == [("/many",), ("/survivor",)], name
    labels = ",".join(f'a{number}="b"' for number in range(2000))
    segment = load(store, tmp_path, "prometheus_text", f"survivor 1\nmany{{{labels}}} 2\n".encode())
    told = rows(store, "metrics", "name, length(labels), value", segment)
    assert sorted(told) == [("many", 2000, 2), ("survivor", 0, 1)]
