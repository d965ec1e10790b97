"""Envoy's StreamAccessLogsMessage from plain dictionaries, under the names and numbers of Envoy's own files.

Written apart from collector/formats/envoy/envoy_als.proto on purpose: a wrong number there must not go unseen.
The numbers are Envoy 1.40's, https://github.com/envoyproxy/envoy/tree/main/api/envoy/data/accesslog/v3
"""

from collections.abc import Mapping
from typing import Any

from collector.encoding.protobuf import length_delimited, varint

# A message is a mapping of name -> (number, what): 'number', 'text', 'tags' (map<string, string>), 'values'
# (map<string, google.protobuf.Value> of strings) or a message.
Message = dict[str, tuple[int, Any]]

_TIME: Message = {"seconds": (1, "number"), "nanos": (2, "number")}
_SOCKET: Message = {"protocol": (1, "number"), "address": (2, "text"), "port_value": (3, "number")}
_ADDRESS: Message = {"socket_address": (1, _SOCKET), "pipe": (2, {"path": (1, "text")})}

_FLAG_NAMES = """
failed_local_healthcheck no_healthy_upstream upstream_request_timeout local_reset upstream_remote_reset
upstream_connection_failure upstream_connection_termination upstream_overflow no_route_found delay_injected
fault_injected rate_limited unauthorized_details rate_limit_service_error downstream_connection_termination
upstream_retry_limit_exceeded stream_idle_timeout invalid_envoy_request_headers downstream_protocol_error
upstream_max_stream_duration_reached response_from_cache_filter no_filter_config_found duration_timeout
upstream_protocol_error no_cluster_found overload_manager dns_resolution_failure
downstream_remote_reset
"""
_FLAGS: Message = {name: (number, "number") for number, name in enumerate(_FLAG_NAMES.split(), start=1)}
_FLAGS["unauthorized_details"] = (13, {"reason": (1, "number")})

_COMMON: Message = {
    "downstream_remote_address": (2, _ADDRESS),
    "downstream_local_address": (3, _ADDRESS),
    "start_time": (5, _TIME),
    "time_to_last_rx_byte": (6, _TIME),
    "time_to_first_upstream_tx_byte": (7, _TIME),
    "time_to_last_upstream_tx_byte": (8, _TIME),
    "time_to_first_upstream_rx_byte": (9, _TIME),
    "time_to_last_upstream_rx_byte": (10, _TIME),
    "time_to_first_downstream_tx_byte": (11, _TIME),
    "time_to_last_downstream_tx_byte": (12, _TIME),
    "upstream_remote_address": (13, _ADDRESS),
    "upstream_local_address": (14, _ADDRESS),
    "upstream_cluster": (15, "text"),
    "response_flags": (16, _FLAGS),
    "upstream_transport_failure_reason": (18, "text"),
    "route_name": (19, "text"),
    "downstream_direct_remote_address": (20, _ADDRESS),
    "custom_tags": (22, "tags"),
    "duration": (23, _TIME),
    "upstream_request_attempt_count": (24, "number"),
    "connection_termination_details": (25, "text"),
    "stream_id": (26, "text"),
    "intermediate_log_entry": (27, "number"),
    "access_log_type": (33, "number"),
}
_REQUEST: Message = {
    "request_method": (1, "number"),
    "scheme": (2, "text"),
    "authority": (3, "text"),
    "port": (4, {"value": (1, "number")}),
    "path": (5, "text"),
    "user_agent": (6, "text"),
    "referer": (7, "text"),
    "forwarded_for": (8, "text"),
    "request_id": (9, "text"),
    "original_path": (10, "text"),
    "request_headers_bytes": (11, "number"),
    "request_body_bytes": (12, "number"),
    "request_headers": (13, "tags"),
}
_RESPONSE: Message = {
    "response_code": (1, {"value": (1, "number")}),
    "response_headers_bytes": (2, "number"),
    "response_body_bytes": (3, "number"),
    "response_headers": (4, "tags"),
    "response_trailers": (5, "tags"),
    "response_code_details": (6, "text"),
}
_HTTP_ENTRY: Message = {
    "common_properties": (1, _COMMON),
    "protocol_version": (2, "number"),
    "request": (3, _REQUEST),
    "response": (4, _RESPONSE),
}
_CONNECTION: Message = {"received_bytes": (1, "number"), "sent_bytes": (2, "number")}
_TCP_ENTRY: Message = {"common_properties": (1, _COMMON), "connection_properties": (2, _CONNECTION)}
_NODE: Message = {"id": (1, "text"), "cluster": (2, "text"), "metadata": (3, {"fields": (1, "values")})}

STREAM_ACCESS_LOGS_MESSAGE: Message = {
    "identifier": (1, {"node": (1, _NODE), "log_name": (2, "text")}),
    "http_logs": (2, {"log_entry": (1, _HTTP_ENTRY)}),
    "tcp_logs": (3, {"log_entry": (1, _TCP_ENTRY)}),
}


def encode(values: Mapping[str, Any], message: Message = STREAM_ACCESS_LOGS_MESSAGE) -> bytes:
    """The bytes of a message; a name that it does not have is a KeyError."""
    return b"".join(_field(*message[name], value) for name, value in values.items())


def _field(number: int, kind: Any, value: Any) -> bytes:
    if isinstance(value, list):
        return b"".join(_field(number, kind, item) for item in value)
    if kind == "number":
        # A negative number is its 64-bit two's complement.
        return varint(number << 3) + varint(int(value) % (1 << 64))
    if kind == "text":
        return length_delimited(number, value.encode())
    if kind == "tags":
        return b"".join(_entry(number, key, item.encode()) for key, item in value.items())
    if kind == "values":
        return b"".join(_entry(number, key, length_delimited(3, item.encode())) for key, item in value.items())
    return length_delimited(number, encode(value, kind))


def _entry(number: int, key: str, value: bytes) -> bytes:
    return length_delimited(number, length_delimited(1, key.encode()) + length_delimited(2, value))
