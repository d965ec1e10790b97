"""Remote write requests from plain dictionaries, under the names and numbers of Prometheus' own files.

Written apart from collector/formats/prometheus/prometheus_*.proto on purpose: a wrong number there must not go unseen.
https://github.com/prometheus/prometheus/tree/main/prompb
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from collector.encoding.protobuf import length_delimited, varint

# A message is a mapping of name -> (number, what): 'double', 'int', 'sint', 'text', a message, or for packed lists
# 'doubles', 'ints', 'sints'.
Message = dict[str, tuple[int, Any]]

STALE = "stale"
_STALE_NAN = struct.pack("<Q", 0x7FF0000000000002)

_SAMPLE: Message = {"value": (1, "double"), "timestamp": (2, "int")}
_SPAN: Message = {"offset": (1, "sint"), "length": (2, "int")}
_LABEL: Message = {"name": (1, "text"), "value": (2, "text")}
_HISTOGRAM: Message = {
    "count_int": (1, "int"),
    "count_float": (2, "double"),
    "sum": (3, "double"),
    "schema": (4, "sint"),
    "zero_threshold": (5, "double"),
    "zero_count_int": (6, "int"),
    "zero_count_float": (7, "double"),
    "negative_spans": (8, _SPAN),
    "negative_deltas": (9, "sints"),
    "negative_counts": (10, "doubles"),
    "positive_spans": (11, _SPAN),
    "positive_deltas": (12, "sints"),
    "positive_counts": (13, "doubles"),
    "reset_hint": (14, "int"),
    "timestamp": (15, "int"),
    "custom_values": (16, "doubles"),
}
WRITE_REQUEST: Message = {
    "timeseries": (
        1,
        {
            "labels": (1, _LABEL),
            "samples": (2, _SAMPLE),
            "exemplars": (3, {"labels": (1, _LABEL), "value": (2, "double"), "timestamp": (3, "int")}),
            "histograms": (4, _HISTOGRAM),
        },
    ),
    "metadata": (
        3,
        {"type": (1, "int"), "metric_family_name": (2, "text"), "help": (4, "text"), "unit": (5, "text")},
    ),
}
WRITE_REQUEST_V2: Message = {
    "symbols": (4, "text"),
    "timeseries": (
        5,
        {
            "labels_refs": (1, "ints"),
            "samples": (2, _SAMPLE),
            "histograms": (3, _HISTOGRAM),
            "exemplars": (4, {"labels_refs": (1, "ints"), "value": (2, "double"), "timestamp": (3, "int")}),
            "metadata": (5, {"type": (1, "int"), "help_ref": (3, "int"), "unit_ref": (4, "int")}),
        },
    ),
}


def write_request(values: Mapping[str, Any]) -> bytes:
    """A WriteRequest of 1.0; the labels of a series may be a dictionary."""
    series = [
        {**one, "labels": _listed(one.get("labels", {}))} if isinstance(one, dict) else one
        for one in values.get("timeseries", [])
    ]
    return _encode({**values, "timeseries": series}, WRITE_REQUEST)


def write_request_v2(values: Mapping[str, Any]) -> bytes:
    """A Request of 2.0; a series with `labels` and `unit` has them put into the table of symbols.

    `captured` are the bytes, in hexadecimal, of what another client sent.
    """
    if "captured" in values:
        return bytes.fromhex(values["captured"])
    numbers: dict[str, int] = {text: number for number, text in reversed(list(enumerate(values.get("symbols", [""]))))}
    texts = list(values.get("symbols", [""]))

    def number(text: str) -> int:
        if text not in numbers:
            numbers[text] = len(texts)
            texts.append(text)
        return numbers[text]

    series = []
    for one in values.get("timeseries", []):
        told = dict(one)
        for label in _listed(told.pop("labels", {})):
            told.setdefault("labels_refs", []).extend((number(label["name"]), number(label["value"])))
        if "unit" in told:
            told["metadata"] = {**told.get("metadata", {}), "unit_ref": number(told.pop("unit"))}
        series.append(told)
    return _encode({**values, "symbols": texts, "timeseries": series}, WRITE_REQUEST_V2)


def _listed(labels: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in labels.items()] if isinstance(labels, dict) else labels


def _encode(values: Mapping[str, Any], message: Message) -> bytes:
    return b"".join(_field(*message[name], value) for name, value in values.items())


def _field(number: int, kind: Any, value: Any) -> bytes:
    if kind in ("ints", "sints", "doubles"):
        return length_delimited(number, b"".join(_scalar(kind[:-1], item) for item in value))
    if isinstance(value, list):
        return b"".join(_field(number, kind, item) for item in value)
    if kind == "text":
        return length_delimited(number, value.encode(errors="surrogateescape"))
    if kind == "double":
        return varint(number << 3 | 1) + _scalar(kind, value)
    if kind in ("int", "sint"):
        return varint(number << 3) + _scalar(kind, value)
    return length_delimited(number, _encode(value, kind))


def _scalar(kind: str, value: Any) -> bytes:
    if kind == "double":
        return _STALE_NAN if value == STALE else struct.pack("<d", float(value))
    if kind == "sint":
        return varint((value << 1) ^ (value >> 63))
    # A negative number is its 64-bit two's complement.
    return varint(int(value) % (1 << 64))


def sample_series(name: str, samples: Iterable[tuple[float, int]], **labels: str) -> dict[str, Any]:
    """A series as the two functions take it."""
    return {
        "labels": {"__name__": name, **labels},
        "samples": [{"value": value, "timestamp": timestamp} for value, timestamp in samples],
    }
