"""Envoy's and Istio's access logs."""

from collections.abc import KeysView
from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, MixedBody, TextLine
from collector.formats.envoy.types import ENVOY_ALS as ALS_TYPE
from collector.formats.shared.layers import ACCESS, ACCESS_LINES, PAYLOADS, sql
from collector.formats.shared.message_keys import MESSAGE_KEYS
from collector.formats.shared.other_lines import ENVOY_MESSAGE

_FOLDER = Path(__file__).parent

_NAMES = frozenset({"start_time", "response_code", "upstream_cluster", "response_flags", "method", "path"})


def is_access(names: KeysView[str]) -> bool:
    """Whether records of these names are an access log's: an application may well log `method` and `path`."""
    if "response_code" in names:
        return "start_time" in names or "upstream_cluster" in names or len(_NAMES & names) >= 3
    return len(_NAMES & names) >= 3 and MESSAGE_KEYS.isdisjoint(names)


ENVOY_JSON = Format(
    "envoy_json",
    "Envoy's and Istio's JSON access log",
    (*ACCESS, *sql(_FOLDER, "envoy_json"), *ACCESS_LINES),
    becomes=("requests", "logs"),
    mixed_body=MixedBody(),
    key_sql="JSONExtract(record, {key}, 'String')",
    record=JsonRecord(
        keys=frozenset({"response_code", "response_flags", "upstream_cluster", "start_time"}),
        matches=lambda record: is_access(record.keys()),
        matches_keys=is_access,
        in_text=('"response_code"', '"upstream_cluster"'),
        # No other of Envoy's dialects has both.
        once=(b'"upstream_service_time"', b'"start_time"'),
    ),
    is_light=True,
)

ENVOY_TEXT = Format(
    "envoy_text",
    "Envoy's default text access log, and Istio's of any version",
    (*ACCESS, *sql(_FOLDER, "envoy_text"), *ACCESS_LINES),
    becomes=("requests", "logs"),
    line=TextLine(r'^\[\d{4}-\d\d-\d\dT[^\]]+\] "', contains="["),
    mixed_body=MixedBody(marker=rb"\n\[\d{4}-\d\d-\d\dT", first_byte=b"["),
    message=ENVOY_MESSAGE,
)

ENVOY_ALS = Format(
    "envoy_als",
    "Envoy's access log service (StreamAccessLogsMessage)",
    (*ACCESS, *sql(_FOLDER, "envoy_als"), PAYLOADS),
    becomes=("requests", "logs"),
    schema=_FOLDER / "envoy_als.proto",
    body_type=ALS_TYPE,
    key_sql="common.custom_tags[{key}]",
    is_light=True,
)
