"""Access loggers of Envoy, as data; deploy/gateways/envoy has the same settings to paste."""

from collections.abc import Mapping

from gatelens.demo.gateways.filters import CONSUMER_HEADER
from gatelens.demo.gateways.settings import EXTENSIONS, Json
from gatelens.demo.model import ENVIRONMENT

# Names of Istio's JSON access log, and what it lacks.
_ATTRIBUTES = {
    "start_time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
    "route_name": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "duration_us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
    "upstream_us": "%COMMON_DURATION(US_TX_BEG:US_RX_END:us)%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "consumer": f"%REQ({CONSUMER_HEADER.upper()})%",
}

# Under the names of deploy/gateways/flex/message-logging.dwl; `route`, `took_us` and `details` are what the rest of
# that message is made from (gatelens/demo/gateways/flex.py).
_MESSAGE = {
    "reqId": "%REQ(X-REQUEST-ID)%",
    "receivedTs": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
    "remoteAddress": "%REQ(X-FORWARDED-FOR)%",
    "method": "%REQ(:METHOD)%",
    "requestPath": "%REQ(:PATH)%",
    "statusCode": "%RESPONSE_CODE%",
    "clientId": f"%REQ({CONSUMER_HEADER.upper()})%",
    "userAgent": "%REQ(USER-AGENT)%",
    "requestBytes": "%BYTES_RECEIVED%",
    "responseBytes": "%BYTES_SENT%",
    "route": "%ROUTE_NAME%",
    "took_us": "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
    "details": "%RESPONSE_CODE_DETAILS%",
}


def als_log(log_name: str, cluster: str) -> Json:
    """An access log that streams to Gatelens' gRPC port."""
    return {
        "name": "envoy.access_loggers.http_grpc",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": {
                "log_name": log_name,
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {"cluster_name": cluster}},
                "buffer_flush_interval": "0.5s",
                "buffer_size_bytes": 262144,
                "custom_tags": [
                    {"tag": "consumer", "request_header": {"name": CONSUMER_HEADER}},
                ],
            },
        },
    }


def otlp_log(log_name: str, cluster: str) -> Json:
    """An access log that exports OpenTelemetry log records to Gatelens' gRPC port."""
    return {
        "name": "envoy.access_loggers.open_telemetry",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
            "log_name": log_name,
            "grpc_service": {"envoy_grpc": {"cluster_name": cluster}},
            "buffer_flush_interval": "0.5s",
            "buffer_size_bytes": 262144,
            "resource_attributes": _values({"deployment.environment.name": ENVIRONMENT}),
            "attributes": _values(_ATTRIBUTES),
        },
    }


def json_log(path: str) -> Json:
    """An access log of JSON lines."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"json_format": _ATTRIBUTES},
        },
    }


def text_log(path: str) -> Json:
    """An access log in Envoy's default text format."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {"@type": f"{EXTENSIONS}.access_loggers.file.v3.FileAccessLog", "path": path},
    }


def flex_log() -> Json:
    """What the Message Logging policy of Flex Gateway would know: lines of JSON on the standard output."""
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": f"{EXTENSIONS}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": _MESSAGE},
        },
    }


def _values(attributes: Mapping[str, str]) -> Json:
    """OpenTelemetry's KeyValueList."""
    return {"values": [{"key": key, "value": {"string_value": text}} for key, text in attributes.items()]}
