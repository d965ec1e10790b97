"""Messages that are made once, and whose events get their times when they are sent.

Traffic arrives in the order of time. Were the times those of the making, all parts in the store would overlap row by
row, and to merge such parts costs several times as much.
"""

import re
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# The time of every event until it is sent: in each encoding as long as those of our days, and like nothing else.
PLACEHOLDER_NS = 2_000_000_000_987_654_321

Times = NDArray[np.int64]
# Each time, in nanoseconds since the epoch, as a row of bytes.
Encoding = Callable[[Times], NDArray[np.uint8]]


class TimedMessage:
    """A message of so many events at PLACEHOLDER_NS, which stands in it once for each event in each encoding."""

    def __init__(self, made: bytes, events: int, *encodings: Encoding) -> None:
        self._message = np.frombuffer(bytearray(made), np.uint8)
        self._numbers = np.arange(1, events + 1)
        self._places = []
        for encoding in encodings:
            placeholder = encoding(np.array([PLACEHOLDER_NS])).tobytes()
            starts = np.array([found.start() for found in re.finditer(re.escape(placeholder), made)])
            if len(starts) != events:
                raise ValueError(f"A message of {events} events has the time {placeholder!r} {len(starts)} times.")
            windows = sliding_window_view(self._message, len(placeholder), writeable=True)
            self._places.append((windows, starts, encoding))

    def sent(self, since_ns: int, until_ns: int) -> bytes:
        """The message with events spread evenly between two moments, in their order, the last at the second."""
        times = since_ns + (until_ns - since_ns) * self._numbers // len(self._numbers)
        for windows, starts, encoding in self._places:
            windows[starts] = encoding(times)
        return self._message.tobytes()


def protobuf_fixed64(times: Times) -> NDArray[np.uint8]:
    """OpenTelemetry's time_unix_nano."""
    return _rows(times.astype("<u8"))


def protobuf_seconds(times: Times) -> NDArray[np.uint8]:
    """The seconds of a google.protobuf.Timestamp."""
    return _varints(times // 10**9, 5)


def protobuf_nanos(times: Times) -> NDArray[np.uint8]:
    """The nanos of a google.protobuf.Timestamp, all as long as large ones are, which Protobuf allows."""
    return _varints(times % 10**9, 5)


def protobuf_milliseconds(times: Times) -> NDArray[np.uint8]:
    """The timestamp of a sample of remote write."""
    return _varints(times // 10**6, 6)


def fluent_event_time(times: Times) -> NDArray[np.uint8]:
    """What is in Fluent's extension type of MessagePack."""
    return _rows(np.stack(np.divmod(times, 10**9), axis=1).astype(">u4"))


def iso_milliseconds(times: Times) -> NDArray[np.uint8]:
    """Envoy's %START_TIME%."""
    # To make a text of a time is slow, and many events share a millisecond.
    milliseconds, which = np.unique(times // 10**6, return_inverse=True)
    texts = np.datetime_as_string(milliseconds.astype("datetime64[ms]"), timezone="UTC").astype("S24")
    return _rows(texts[which])


def _varints(numbers: Times, length: int) -> NDArray[np.uint8]:
    groups = numbers[:, np.newaxis] >> np.arange(0, 7 * length, 7) & 0x7F
    groups[:, :-1] |= 0x80
    return groups.astype(np.uint8)


def _rows(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return values.view(np.uint8).reshape(len(values), -1)
