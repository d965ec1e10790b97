"""The benchmark's messages have the times that they are given, and are otherwise what they were made as."""

import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collector.encoding.protobuf import fields, read_varint
from tests.bench.messages import als_messages, forward_entries, otlp_messages, write_requests
from tests.bench.sender import Repeated
from tests.bench.timed_message import PLACEHOLDER_NS, TimedMessage, iso_milliseconds, protobuf_fixed64

_EVENTS = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_800_000_000 * 10**9
# Across the end of a second, with fractions that are short numbers on one side and long ones on the other.
_SINCE = _SECOND - 3 * 10**6
_UNTIL = _SECOND + 4 * 10**6
_TIMES = [_SECOND + number * 10**6 for number in range(-2, 5)]

Make = Callable[[int, int], Iterator[TimedMessage]]


def _otlp_times(message: bytes) -> list[int]:
    (resource,) = ExportLogsServiceRequest.FromString(message).resource_logs
    return [record.time_unix_nano for record in resource.scope_logs[0].log_records]


def _als_times(message: bytes) -> list[int]:
    def nanoseconds(entry: memoryview) -> int:
        parts = {number: read_varint(value, 0)[0] for number, value, _ in fields(_only(_only(entry, 1), 5))}
        return parts[1] * 10**9 + parts[2]

    return [nanoseconds(entry) for _, entry, _ in fields(_only(memoryview(message), 2))]


def _forward_times(message: bytes) -> list[int]:
    def nanoseconds(moment: msgspec.msgpack.Ext, text: str) -> int:
        seconds, nanos = struct.unpack(">II", moment.data)
        # Both tell the same, one of them in milliseconds.
        in_text = (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
        assert (moment.code, in_text) == (0, seconds * 1000 + nanos // 10**6)
        return int(seconds * 10**9 + nanos)

    return [nanoseconds(moment, record["start_time"]) for (moment, _), record in msgspec.msgpack.decode(message)]


def _sample_times(message: bytes) -> list[int]:
    return [
        read_varint(_only(_only(series, 2), 2), 0)[0] * 10**6
        for number, series, _ in fields(memoryview(message))
        if number == 1
    ]


def _only(message: memoryview, wanted: int) -> memoryview:
    (value,) = (value for number, value, _ in fields(message) if number == wanted)
    return value


_FORMATS = pytest.mark.parametrize(
    ("make", "times"),
    [
        (otlp_messages, _otlp_times),
        (als_messages, _als_times),
        (forward_entries, _forward_times),
        (write_requests, _sample_times),
    ],
)


@_FORMATS
def test_events_have_the_times_given(make: Make, times: Callable[[bytes], list[int]]) -> None:
    (message,) = make(1, _EVENTS)
    assert times(message.sent(_SINCE, _UNTIL)) == _TIMES


@_FORMATS
def test_nothing_but_times_tells_a_message_from_another_of_its_seed(
    make: Make, times: Callable[[bytes], list[int]]
) -> None:
    (message,), (other,) = make(1, _EVENTS), make(1, _EVENTS)
    assert times(message.sent(_SINCE, _UNTIL)) != times(other.sent(_UNTIL, _UNTIL))
    assert message.sent(_UNTIL, _UNTIL) == other.sent(_UNTIL, _UNTIL)


def test_all_but_the_times_stays_as_it_was_made() -> None:
    def made(*moments: tuple[int, str]) -> bytes:
        return b"".join(b"<%b %b>" % (struct.pack("<Q", moment), text.encode()) for moment, text in moments)

    message = TimedMessage(
        made((PLACEHOLDER_NS, "2033-05-18T03:33:20.987Z"), (PLACEHOLDER_NS, "2033-05-18T03:33:20.987Z")),
        2,
        iso_milliseconds,
        protobuf_fixed64,
    )
    assert message.sent(_SECOND - 10**9, _SECOND + 10**9) == made(
        (_SECOND, "2027-01-15T08:00:00.000Z"), (_SECOND + 10**9, "2027-01-15T08:00:01.000Z")
    )


def test_a_message_that_lacks_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="A message of 2 events has"):
        TimedMessage(struct.pack("<Q", PLACEHOLDER_NS), 2, protobuf_fixed64)


def test_a_message_tells_of_what_came_after_the_one_before() -> None:
    started = time.time_ns()
    sender = Repeated(lambda count: otlp_messages(count, _EVENTS), _EVENTS)
    sender.prepare(3 * _EVENTS)
    times = [moment for message in sender.messages() for moment in _otlp_times(message)]
    assert len(times) == 3 * _EVENTS
    assert times == sorted(times)
    assert started <= times[0]
