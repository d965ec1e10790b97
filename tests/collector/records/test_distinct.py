"""Bodies that no sender makes twice, and those that may be meant when they come twice."""

import json

import pytest

from collector.records.distinct import are_distinct

_SECONDS = "30/Nov/2026:10:00:{:02}"
_LINE = '192.0.2.7 - - [{}] "GET {} HTTP/1.1" 200 612 "-" "wrk"\n'
_ONE = _LINE.format(_SECONDS.format(1) + " +0000", "/")
_UUID = "8a0e3d60-7cfc-11e5-82f4-0a0027000000"


def _lines(paths: int, count: int = 1000) -> str:
    return "".join(_LINE.format(_SECONDS.format(1) + " +0000", f"/{number % paths}") for number in range(count))


@pytest.mark.parametrize(
    "body",
    [
        _lines(8),
        "".join(json.dumps({"time": 1796057482, "event": f"order {number}"}) for number in range(9)),
        json.dumps([{"at": "2026-11-30T10:00:00Z", "n": number} for number in range(9)]),
        '{"timestamp":"2026-11-30T10:00:00.123456Z"}',
        '{"time":"2026-11-30T10:00:00.123456789Z"}',
        "2026-11-30 10:00:00,123456 done",
        '{"date":1796057482.123456}',
        '{"timeUnixNano":"1796057482123456789"}',
        '{"t":1796057482123456}',
        '{"time":1796057482.123,"event":"a"}{"time":1796057482.124,"event":"a"}',
        f'{{"start_time":"2026-11-30T10:00:00.123Z","x_request_id":"{_UUID}"}}',
        '{"started_at":1796057482123,"trace_id":"0af7651916cd43dd8448eb211c80319c"}',
    ],
)
def test_what_no_sender_makes_twice(body: str) -> None:
    assert are_distinct([body.encode()])
    assert are_distinct([*map(str.encode, body.splitlines(keepends=True))])


@pytest.mark.parametrize(
    "body",
    [
        "",
        _ONE,
        _ONE * 1000,
        _lines(7),
        # A banner that each start prints.
        "".join(f"loading plugin {number}\n" for number in range(50)),
        "".join(f"queue_length{{queue=\"{number}\"}} {number}\n" for number in range(50)),
        '{"time":1796057482.123,"event":"a"}',
        '{"time":1796057482.123,"event":"a"}' * 5,
        # Milliseconds of two requests under load, with an id that is the same in each.
        f'{{"start_time":"2026-11-30T10:00:00.123Z","tenant":"{_UUID}"}}',
        f'{{"start_time":"2026-11-30T10:00:00Z","request_id":"{_UUID}"}}',
        _LINE.format(_SECONDS.format(1), "/accounts/1712345678901234"),
        _LINE.format(_SECONDS.format(1), f"/orders/{_UUID}"),
    ],
)  # fmt: skip
def test_what_may_be_meant_twice(body: str) -> None:
    assert not are_distinct([body.encode()])


def test_only_the_beginning_of_a_large_body_is_looked_at() -> None:
    assert not are_distinct([_ONE.encode() * 10_000 + b'{"date":1796057482.123456}'])
