"""A real Envoy that tells of itself in every way that it knows of OTLP, and by its access log service."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_EXTENSIONS = "type.googleapis.com/envoy.extensions"

ATTRIBUTES = {
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "consumer": "%REQ(X-CLIENT-ID)%",
}


def bootstrap(grpc: str, http: str, environment: str) -> Json:
    """Listeners `grpc` and `http` by the transport that they tell over; `connections` is plain TCP."""
    named = {"deployment.environment.name": environment}
    grpc_service = {"envoy_grpc": {"cluster_name": "intake_grpc"}}
    return {
        "node": {"id": "edge-7", "cluster": "edge", "metadata": {"environment": environment}},
        "admin": {"address": _address("127.0.0.1:0")},
        "stats_flush_interval": "1s",
        "stats_sinks": [
            _sink({"grpc_service": grpc_service, "prefix": "by_grpc"}, named),
            _sink({"http_service": _http_service(http, "metrics"), "prefix": "by_http"}, named),
        ],
        "static_resources": {
            "listeners": [
                _listener("grpc", {"grpc_service": grpc_service}, {"grpc_service": grpc_service}, named),
                _listener(
                    "http",
                    {"http_service": _http_service(http, "logs")},
                    {"http_service": _http_service(http, "traces")},
                    named,
                ),
                _connections(grpc_service),
            ],
            "clusters": [
                _cluster("intake_grpc", grpc, http2=True),
                _cluster("intake_http", http, http2=False),
                # What connections lead to: Envoy's own port cannot be known here, so the intake's.
                _cluster("orders-v1", http, http2=False),
            ],
        },
    }


def _sink(service: Json, named: Mapping[str, str]) -> Json:
    kind = f"{_EXTENSIONS}.stat_sinks.open_telemetry.v3.SinkConfig"
    return {
        "name": "envoy.stat_sinks.open_telemetry",
        "typed_config": {"@type": kind, "resource_detectors": _detectors(named), **service},
    }


def _detectors(named: Mapping[str, str]) -> list[Json]:
    kind = f"{_EXTENSIONS}.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig"
    return [
        {
            "name": "envoy.tracers.opentelemetry.resource_detectors.static_config",
            "typed_config": {"@type": kind, "attributes": {**named, "service.name": "edge"}},
        }
    ]


def _listener(name: str, logs: Json, traces: Json, named: Mapping[str, str]) -> Json:
    log = {
        "@type": f"{_EXTENSIONS}.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        "log_name": f"log_{name}",
        "buffer_flush_interval": "0.2s",
        "resource_attributes": _values(named),
        "attributes": _values(ATTRIBUTES | {"listener": name}),
        **logs,
    }
    tracer = {
        "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
        "service_name": "edge",
        "resource_detectors": _detectors(named),
        **traces,
    }
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "preserve_external_request_id": True,
        "access_log": [
            {"name": "envoy.access_loggers.open_telemetry", "typed_config": log},
            _als("http_grpc", "HttpGrpcAccessLogConfig", {"envoy_grpc": {"cluster_name": "intake_grpc"}}),
        ][: 1 if name == "http" else 2],
        "tracing": {
            "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": tracer},
            "random_sampling": {"value": 100},
            "custom_tags": [{"tag": "listener", "literal": {"value": name}}],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": name,
                    "domains": ["*"],
                    "routes": [
                        {"match": {"prefix": "/teapot"}, "direct_response": {"status": 418}},
                        {
                            "match": {"prefix": "/"},
                            "direct_response": {"status": 200, "body": {"inline_string": "hello"}},
                        },
                    ],
                }
            ]
        },
    }
    return _with_filter(name, "envoy.filters.network.http_connection_manager", manager)


def _connections(grpc_service: Json) -> Json:
    proxy = {
        "@type": f"{_EXTENSIONS}.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "connections",
        "cluster": "orders-v1",
        "access_log": [_als("tcp_grpc", "TcpGrpcAccessLogConfig", grpc_service)],
    }
    return _with_filter("connections", "envoy.filters.network.tcp_proxy", proxy)


def _als(name: str, kind: str, grpc_service: Json) -> Json:
    return {
        "name": f"envoy.access_loggers.{name}",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.grpc.v3.{kind}",
            "common_config": {
                "log_name": name,
                "transport_api_version": "V3",
                "grpc_service": grpc_service,
                "buffer_flush_interval": "0.2s",
            },
        },
    }


def _with_filter(name: str, kind: str, config: Json) -> Json:
    return {
        "name": name,
        "address": _address("127.0.0.1:0"),
        "filter_chains": [{"filters": [{"name": kind, "typed_config": config}]}],
    }


def _http_service(http: str, signal: str) -> Json:
    return {
        "http_uri": {"uri": f"http://{http}/v1/{signal}", "cluster": "intake_http", "timeout": "5s"},
    }


def _values(attributes: Mapping[str, str]) -> Json:
    return {"values": [{"key": key, "value": {"string_value": text}} for key, text in attributes.items()]}


def _cluster(name: str, endpoint: str, *, http2: bool) -> Json:
    protocol = "http2_protocol_options" if http2 else "http_protocol_options"
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(endpoint)}}]}],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {protocol: {}},
            }
        },
    }


def _address(host_and_port: str) -> Json:
    host, _, port = host_and_port.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
