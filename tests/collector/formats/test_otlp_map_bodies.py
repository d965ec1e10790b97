"""Maps as bodies of OpenTelemetry's log records: flat ones are read on a shorter way, to the same text."""

import json
import time
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValueList

from collector.formats.config import TransformConfig
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store

_TEXTS = ("plain", 'a "quote" \\ / \n\t\x01', "ü €", "")
_NUMBERS = (0, -1, 1 << 62)
_FRACTIONS = (1.5, -0.25, 1e300)


def _fill(values: KeyValueList) -> None:
    for number, text in enumerate(_TEXTS):
        values.values.add(key=f'text "{number}"').value.string_value = text
    for number, value in enumerate(_NUMBERS):
        values.values.add(key=f"number {number}").value.int_value = value
    for number, fraction in enumerate(_FRACTIONS):
        values.values.add(key=f"fraction {number}").value.double_value = fraction
    for truth in (True, False):
        values.values.add(key=f"truth {truth}").value.bool_value = truth
    values.values.add(key="nothing")


def test_a_flat_map_is_the_same_text_as_one_with_a_map_in_it(store: Store, tmp_path: Path) -> None:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    flat, deep, endless = (records.add(time_unix_nano=time.time_ns()).body.kvlist_value for _ in range(3))
    _fill(flat)
    _fill(deep)
    deep.values.add(key="deep").value.kvlist_value.values.add(key="x").value.int_value = 1
    endless.values.add(key="x").value.double_value = float("inf")
    file = tmp_path / "segment"
    file.write_bytes(encode(Payload("otlp_logs", request.SerializeToString(), time.time_ns() // 1000)))
    of = transform(FORMATS["otlp_logs"], "map-bodies", file, TransformConfig())
    store.load(of.statement, of.table, of.columns, "map-bodies", of.schema)

    shortest, shorter, longer = (
        body for (body,) in store.rows("SELECT body FROM logs WHERE segment_id = 'map-bodies' ORDER BY length(body)")
    )
    assert longer == shorter[:-1] + ',"deep":{"x":1}}'
    told = json.loads(shorter)
    assert [told[f'text "{number}"'] for number in range(len(_TEXTS))] == list(_TEXTS)
    assert [told[f"number {number}"] for number in range(len(_NUMBERS))] == list(_NUMBERS)
    assert [told[f"fraction {number}"] for number in range(len(_FRACTIONS))] == list(_FRACTIONS)
    assert (told["truth True"], told["truth False"], told["nothing"]) == (True, False, "")
    assert shortest.startswith('{"x":')
