"""The column type of Envoy's access log messages; names and nesting are those of envoy_als.proto."""

_TIME = "Tuple(seconds Int64, nanos Int32)"
_ADDRESS = "Tuple(socket_address Tuple(address String, port_value UInt32))"
_ALS_ENTRIES = (
    f"Tuple(log_entry Array(Tuple(common_properties Tuple("
    f"downstream_remote_address {_ADDRESS}, start_time {_TIME}, "
    f"time_to_first_upstream_tx_byte {_TIME}, time_to_last_upstream_rx_byte {_TIME}, "
    f"time_to_last_downstream_tx_byte {_TIME}, upstream_remote_address {_ADDRESS}, upstream_cluster String, "
    f"response_flags String, upstream_transport_failure_reason String, route_name String, "
    f"custom_tags Map(String, String), duration {_TIME}, connection_termination_details String, "
    f"intermediate_log_entry Bool), protocol_version UInt32, request Tuple("
    f"request_method UInt32, authority String, "
    f"path String, user_agent String, forwarded_for String, request_id String, original_path String, "
    f"request_body_bytes UInt64), response Tuple("
    f"response_code Tuple(value UInt32), response_body_bytes UInt64, "
    f"response_code_details String))))"
)
ENVOY_ALS = (
    f"Tuple(identifier Tuple(node Tuple(id String, cluster String, "
    f"metadata Tuple(fields Map(String, Tuple(string_value String)))), log_name String), "
    f"http_logs {_ALS_ENTRIES}, tcp_logs {_ALS_ENTRIES})"
)
