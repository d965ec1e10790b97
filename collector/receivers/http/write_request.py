"""What a remote write request holds, counted without looking at a single sample in Python.

A message in another is, on the wire, its bytes; and the bytes of messages, joined, are one message that has what all of
them have. So the series of a request, read as bytes and joined, are one series with all samples.
https://protobuf.dev/programming-guides/encoding/#last-one-wins
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from google.protobuf.descriptor_pb2 import (  # type: ignore[import-untyped]
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.message_factory import GetMessageClass  # type: ignore[import-untyped]

from collector.encoding.protobuf import fields, has_more_fields
from collector.errors import PayloadError, PayloadTooLarge
from collector.formats.prometheus.families import MOST_FAMILIES, TYPE_NAMES, Family

_MOST_SERIES = 1_000_000
_MOST_IN_ONE_SERIES = 1_000_000
# How many bytes of series are counted together: an empty sample is two bytes, and thirty in the message that counts it.
_COUNTED_BYTES = 2 << 20
# The fields of metadata that say whose and what.
_TYPE, _NAME, _UNIT = 1, 2, 5


@dataclass(frozen=True)
class Contents:
    """How much of each kind a request holds."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0
    # The metric families that it describes.
    families: tuple[Family, ...] = ()


class WriteRequest:
    """A version of the request, by its name and the numbers of the fields that count.

    `metadata` is the field that describes series; a request may have it alone.
    """

    def __init__(
        self,
        name: str,
        *,
        timeseries: int,
        metadata: int,
        samples: int,
        histograms: int,
        exemplars: int,
        has_families: bool = False,
    ) -> None:
        """`has_families`: whether `metadata` describes metric families."""
        self.name = name
        self._has_families = has_families
        pool = DescriptorPool()
        pool.Add(
            FileDescriptorProto(
                name=f"{name}.proto",
                package=name,
                message_type=[
                    _message("Request", [("timeseries", timeseries), ("metadata", metadata)]),
                    _message("Series", [("samples", samples), ("histograms", histograms), ("exemplars", exemplars)]),
                ],
            )
        )
        self._request: Any = GetMessageClass(pool.FindMessageTypeByName(f"{name}.Request"))
        self._series: Any = GetMessageClass(pool.FindMessageTypeByName(f"{name}.Series"))

    def contents(self, body: bytes) -> Contents:
        """Raises PayloadError where the body is no such message, PayloadTooLarge where it has too many series."""
        if has_more_fields(body, _MOST_SERIES):
            raise _too_many("series", _MOST_SERIES)
        try:
            request = self._request.FromString(body)
            counted = [self._counted(joined) for joined in _joined(request.timeseries, len(body))]
        except DecodeError as error:
            raise PayloadError(
                f"The body is not a {self.name} in Protobuf, or is cut off; check the Content-Type and send it whole."
            ) from error
        if body and not request.timeseries and not request.metadata:
            raise PayloadError(f"The body is not a {self.name}: it has no series; check proto= in the Content-Type.")
        return Contents(
            sum(part.samples for part in counted),
            sum(part.histograms for part in counted),
            sum(part.exemplars for part in counted),
            tuple(_families(request.metadata)) if self._has_families else (),
        )

    def _counted(self, joined: bytes) -> Contents:
        series = self._series.FromString(joined)
        return Contents(len(series.samples), len(series.histograms), len(series.exemplars))


def _joined(timeseries: Sequence[bytes], size: int) -> Iterator[bytes]:
    """The series of a request of `size` bytes, joined to parts that take little memory when they are read."""
    if size <= _COUNTED_BYTES:
        yield b"".join(timeseries)
        return
    group: list[bytes] = []
    gathered = 0
    for series in timeseries:
        if has_more_fields(series, _MOST_IN_ONE_SERIES):
            raise _too_many("samples in one series", _MOST_IN_ONE_SERIES)
        group.append(series)
        gathered += len(series)
        if gathered > _COUNTED_BYTES:
            yield b"".join(group)
            group, gathered = [], 0
    yield b"".join(group)


def _families(metadata: Iterable[bytes]) -> Iterator[Family]:
    for encoded in islice(metadata, MOST_FAMILIES):
        try:
            found = {number: bytes(value) for number, value, _ in fields(memoryview(encoded))}
        except PayloadError:
            # Its samples are read all the same.
            continue
        kind = int.from_bytes(found.get(_TYPE, b""))
        if kind < len(TYPE_NAMES):
            name, unit = (found.get(number, b"").decode(errors="replace") for number in (_NAME, _UNIT))
            yield Family(name, TYPE_NAMES[kind], unit)


def _too_many(what: str, most: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The body has more than {most} {what}, no more are taken at once; set a smaller max_samples_per_send at the "
        "sender."
    )


def _message(name: str, fields: Iterable[tuple[str, int]]) -> DescriptorProto:
    return DescriptorProto(
        name=name,
        field=[
            FieldDescriptorProto(
                name=field,
                number=number,
                type=FieldDescriptorProto.TYPE_BYTES,
                label=FieldDescriptorProto.LABEL_REPEATED,
            )
            for field, number in fields
        ],
    )


# https://github.com/prometheus/prometheus/blob/main/prompb/types.proto
VERSION_1 = WriteRequest(
    "prometheus.WriteRequest", timeseries=1, metadata=3, samples=2, histograms=4, exemplars=3, has_families=True
)
# https://github.com/prometheus/prometheus/blob/main/prompb/io/prometheus/write/v2/types.proto
VERSION_2 = WriteRequest(
    "io.prometheus.write.v2.Request", timeseries=5, metadata=4, samples=2, histograms=3, exemplars=4
)
