"""Numbers in OTLP's JSON: what its field cannot hold is refused, not stored as another."""

import json
from typing import Any

import pytest

from collector.errors import PayloadError
from collector.formats.otlp.json_check import check_json

_SIGNED_32 = (-(2**31), 2**31 - 1)
_UNSIGNED_32 = (0, 2**32 - 1)
_SIGNED_64 = (-(2**63), 2**63 - 1)
_UNSIGNED_64 = (0, 2**64 - 1)
_ENUM = (0, 2**31 - 1)


def _log(field: str, value: object) -> tuple[str, Any]:
    return "logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [{field: value}]}]}]}


def _attribute(field: str, value: object) -> tuple[str, Any]:
    return _log("attributes", [{"key": "a", "value": {field: value}}])


def _point(field: str, value: object) -> tuple[str, Any]:
    metric = {"name": "a", "exponentialHistogram": {"dataPoints": [{field: value}]}}
    return "metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}


def _buckets(field: str, value: object) -> tuple[str, Any]:
    return _point("positive", {field: value})


def _counts(field: str, value: object) -> tuple[str, Any]:
    return _point(field, [value])


def _sum(field: str, value: object) -> tuple[str, Any]:
    return "metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "a", "sum": {field: value}}]}]}]}


def _span(field: str, value: object) -> tuple[str, Any]:
    return "traces", {"resourceSpans": [{"scopeSpans": [{"spans": [{field: value}]}]}]}


def _status(field: str, value: object) -> tuple[str, Any]:
    return _span("status", {field: value})


_INTEGERS = [
    (_attribute, "intValue", _SIGNED_64),
    (_log, "timeUnixNano", _UNSIGNED_64),
    (_log, "observedTimeUnixNano", _UNSIGNED_64),
    (_log, "flags", _UNSIGNED_32),
    (_point, "asInt", _SIGNED_64),
    (_point, "count", _UNSIGNED_64),
    (_point, "zeroCount", _UNSIGNED_64),
    (_point, "scale", _SIGNED_32),
    (_buckets, "offset", _SIGNED_32),
    (_counts, "bucketCounts", _UNSIGNED_64),
    (_span, "startTimeUnixNano", _UNSIGNED_64),
    (_span, "endTimeUnixNano", _UNSIGNED_64),
]
_ENUMS = [(_log, "severityNumber"), (_sum, "aggregationTemporality"), (_span, "kind"), (_status, "code")]


def _check(request: tuple[str, Any]) -> None:
    signal, body = request
    check_json(signal, json.dumps(body).encode())


@pytest.mark.parametrize(("request_with", "field", "bounds"), _INTEGERS)
def test_integers_within_their_bounds(request_with: Any, field: str, bounds: tuple[int, int]) -> None:
    least, most = bounds
    for number in (least, 0, most):
        _check(request_with(field, number))
        _check(request_with(field, str(number)))
    _check(request_with(field, None))
    _check(request_with(field, 1e3))
    for number in (least - 1, most + 1, 10**40):
        for told in (number, str(number), 1e40):
            with pytest.raises(PayloadError, match=rf"({least} to {most}|integer).*{field}"):
                _check(request_with(field, told))


@pytest.mark.parametrize("told", ["", "-", "1.5", "x", "5\n", "\u0665", "1e3", " 1", 1.5, True, [], {}])
def test_what_is_no_integer(told: object) -> None:
    with pytest.raises(PayloadError, match="Expected an integer"):
        _check(_point("count", told))


@pytest.mark.parametrize(("request_with", "field"), _ENUMS)
def test_enumerations_within_their_bounds(request_with: Any, field: str) -> None:
    for number in (*_ENUM, None):
        _check(request_with(field, number))
    for number in (_ENUM[0] - 1, _ENUM[1] + 1):
        with pytest.raises(PayloadError, match=field):
            _check(request_with(field, number))


@pytest.mark.parametrize("told", ["1", "-1.5", "1.", ".5", "1.5e-3", "2E5", "NaN", "-Infinity", 5, 1.5, None])
def test_reals(told: object) -> None:
    _check(_point("sum", told))


@pytest.mark.parametrize("told", ["", ".", "-", "1.2.3", "1e", "nan", "0x1"])
def test_what_is_no_real(told: object) -> None:
    with pytest.raises(PayloadError, match="sum"):
        _check(_point("sum", told))
