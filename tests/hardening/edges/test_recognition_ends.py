"""No line keeps what recognises lines busy: a pattern that can be matched in many ways tries all of them.

Python's `re`, which matches the patterns of built-in formats, backtracks; one with a choice at each comma took for ever
for a line of 30 commas without a space. Those of presets and users are RE2's: see `test_given_patterns_end.py`.
"""

import json
import re
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collector.formats.custom.known import known_formats
from collector.formats.formats import FORMATS
from collector.formats.recognise import LONGEST_LINE, Recogniser
from collector.receivers.otlp_bodies import LogBodies
from collector.receivers.otlp_screen import Screen
from collector.records.prefixes import unwrapped
from storage.patterns import Patterns
from tests.patience import PATIENCE

# Of a line that is looked at to its end.
_LONG = 1 << 20
# What lines are made of, over and over, behind what they begin with.
_PIECES = (
    "a", "1", " ", ",", "a,", "a, ", "- ", '"', '" ', '"a" ', "[", "[a] ", "(a) ", "a:", "a/", "1.", '\\"', "a=b ",
    "a|", "a\t", "10.0.0.1, ", "10.0.0.1:80, ", "0.001, ", "200 ", "GET / HTTP/1.1 ", '{"a":"b","c":1,',
    "[01/Jan/2026:00:00:00 +0000] ", "2026-01-01T00:00:00.000Z ",
)  # fmt: skip
_BEGINNINGS = ("", "10.0.0.1 - - ", '10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "', '[2026-01-01T00:00:00.000Z] "', "{")
_FORMATS = [known for known in known_formats(()) if known.line]


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError("A pattern is still trying.")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("known", _FORMATS, ids=lambda known: known.name)
def test_no_line_keeps_a_format_busy(known: object) -> None:
    line = next(one.line for one in _FORMATS if one is known)
    assert line is not None
    pattern = Patterns([line.pattern]) if line.is_given else re.compile(line.pattern, re.ASCII)
    for beginning in _BEGINNINGS:
        for piece in _PIECES:
            pattern.match((beginning + piece * LONGEST_LINE)[:LONGEST_LINE])


def test_no_line_keeps_the_recogniser_busy() -> None:
    recogniser = Recogniser(list(known_formats(())))
    for beginning in _BEGINNINGS:
        for piece in _PIECES:
            recogniser.detect((beginning + piece * LONGEST_LINE).encode())


def test_no_line_that_begins_with_a_digit_keeps_prefixes_busy() -> None:
    assert unwrapped("1" + "a" * _LONG) is None


def test_bodies_that_begin_as_lines_do_not_keep_otlp_busy() -> None:
    """What may come up to a bracket is looked for in a body, not in all that follow it in the request."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for _ in range(100_000):
        records.add().body.string_value = "a - "
    assert not Screen(known_formats(())).may_hold_requests(request.SerializeToString())


def test_long_words_beside_the_fields_of_a_request_do_not_keep_otlp_busy() -> None:
    request = ExportLogsServiceRequest()
    fields = {"start_time": "2026-01-01T00:00:00.000Z", "response_code": 200, "message": "a" * _LONG}
    request.resource_logs.add().scope_logs.add().log_records.add().body.string_value = json.dumps(fields)
    taken = LogBodies(FORMATS).of_protobuf(request.SerializeToString())
    assert [part.format for part in taken[""]] == ["envoy_json"]


def test_objects_as_bodies_do_not_keep_otlp_busy() -> None:
    """A collector that follows a log sends the line beside its attributes: compact JSON, with a comma each."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    members = ",".join(f'"header_{number}":"a{number}"' for number in range(60))
    for _ in range(100):
        records.add().body.string_value = f'{{"start_time":"2026-01-01T00:00:00.000Z","response_code":200,{members}}}'
    assert Screen(known_formats(())).may_hold_requests(request.SerializeToString())
