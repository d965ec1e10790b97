"""Formats are told by the first record, and by nothing that another format has too."""

import json
from pathlib import Path

import pytest

from collector.formats.formats import FORMATS

_GOLDEN = Path(__file__).parents[2] / "golden"

# Samples of each format that begin with a record of it.
_SAMPLES = {
    "combined": ("formats", "nginx", "quotes"),
    "common": ("lines",),
    "envoy_json": ("gateway", "mesh"),
    "envoy_text": ("envoy_default", "istio"),
    "flex": ("message_logging", "runtime"),
    "haproxy": ("lines", "live"),
    "mule_analytics": ("agent_file", "log_lines"),
    "mule_log": ("json", "layouts"),
    "prometheus_text": ("envoy",),
}
_CASES = [pytest.param(name, case, id=f"{name}/{case}") for name, cases in _SAMPLES.items() for case in cases]


def _sample(name: str, case: str) -> bytes:
    return (_GOLDEN / name / f"{case}.in").read_bytes()


@pytest.mark.parametrize(("name", "case"), _CASES)
def test_the_first_record_of_a_sample_tells_its_format(name: str, case: str) -> None:
    assert name in FORMATS.ingestible
    assert FORMATS.recogniser.detect(_sample(name, case)) == name
    assert FORMATS.recogniser.detect(b"\r\n\n" + _sample(name, case)) == name


@pytest.mark.parametrize(
    ("name", "case"), [case for case in _CASES if case.values[0] in ("combined", "common", "haproxy")]
)
def test_each_line_tells_it_alone(name: str, case: str) -> None:
    told = {
        FORMATS.recogniser.detect(line)
        for line in _sample(name, case).splitlines()
        if b'"cut' not in line and line.strip()
    }
    # What is cut off or of another format is in the samples too.
    assert told - {None, "combined"} <= {name}
    assert name in told


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"event": {"severity": "INFO", "logger": "a.B", "thread": "main", "message": "x"}, "time": 1}', "mule_log"),
        ('{"kind": "runtimeLog", "level": "info", "message": "x"}', "flex"),
        ('{"logger": "flex-gateway-agent", "message": "x"}', "flex"),
        ('{"resourceLogs": []}', "otlp_logs_json"),
        ('{"resourceMetrics": []}', "otlp_metrics_json"),
        ('{ "resourceSpans" : [{"resource": "longer than what is looked', "otlp_traces_json"),
        ('{"timeMillis": 1, "level": "INFO", "loggerName": "a.B", "message": "x"}', "mule_log"),
        ("{", None),
        ('{\n  "instant" : {},\n  "level" : "INFO",\n  "loggerName" : "a.B"', "mule_log"),
        ('{"log": "127.0.0.1 - -"}', None),
        ('{"@timestamp": "x", "log.level": "INFO", "message": "any application"}', None),
        ("[[1, 2]]", None),
        ("2026-11-23 10:15:30,123 INFO root: Python's logging", None),
        ("Nov 23 10:15:30 host sshd[1]: message", None),
        ("2026/11/23 10:15:30 [error] 17#17: *1 nginx's other log", None),
    ],
)
def test_what_looks_alike_is_told_apart(line: str, found: str | None) -> None:
    assert FORMATS.recogniser.detect(line.encode()) == found


@pytest.mark.parametrize("head", [b"\xff\xfe\x00", b"{" * 5000, b"[" * 5000, b"x" * (1 << 20), b"\0", b" " * 100])
def test_nonsense_is_nothing(head: bytes) -> None:
    assert FORMATS.recogniser.detect(head) is None


def test_names_of_any_type_are_no_fault() -> None:
    for value in (None, 1, [1], {"a": None}, "", True):
        record = dict.fromkeys(("event", "kind", "logger", "loggerName", "level", "message", "received_ts"), value)
        FORMATS.recogniser.detect(json.dumps(record).encode())
