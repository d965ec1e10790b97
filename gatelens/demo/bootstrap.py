"""Envoy bootstraps of the demo, as data; deploy/gateways/envoy has the same settings to paste.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
"""

from collections.abc import Mapping
from typing import Any

from gatelens.demo.model import (
    CONSUMERS,
    DEAD_CLUSTER,
    DEAD_MESH_CLUSTER,
    DESTINATION_SIDECAR,
    ENVIRONMENT,
    EXACT_HEADER,
    EXPORTS_PER_MINUTE,
    GATEWAY,
    INBOUND_CLUSTER,
    INVENTORY,
    RATE_LIMITED_PATH,
    SOURCE_SIDECAR,
    Node,
)

Json = dict[str, Any]

_EXTENSIONS = "type.googleapis.com/envoy.extensions"

# The API key filter says here who called; the key itself goes no further.
_CONSUMER_HEADER = "x-client-id"

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
    "consumer": f"%REQ({_CONSUMER_HEADER.upper()})%",
}


def gateway(intake: str, ports: Mapping[str, int]) -> Json:
    """The gateway: listener `als` logs through the access log service, `otlp` through OpenTelemetry."""
    clusters = [_cluster(name, f"127.0.0.1:{port}") for name, port in ports.items()]
    return {
        **_node(GATEWAY),
        "static_resources": {
            "listeners": [
                _listener("als", [als_log("demo", "demo_intake")], _routes(ports), _filters()),
                _listener("otlp", [otlp_log("demo", "demo_intake")], _routes(ports), _filters()),
            ],
            "clusters": [*clusters, _cluster("demo_intake", intake, http2=True)],
        },
    }


def source_sidecar(intake: str, destination: str, dead: str) -> Json:
    """The sidecar of the workload checkout.shop, which calls inventory.shop."""
    routes = [
        _route("/inventory/dead", DEAD_MESH_CLUSTER, "default"),
        _route("/", INVENTORY.cluster, "default"),
    ]
    return {
        **_node(SOURCE_SIDECAR),
        "static_resources": {
            "listeners": [_listener("outbound", [als_log("http_envoy_accesslog", "mesh_intake")], routes, [])],
            "clusters": [
                _cluster(INVENTORY.cluster, destination),
                _cluster(DEAD_MESH_CLUSTER, dead),
                _cluster("mesh_intake", intake, http2=True),
            ],
        },
    }


def destination_sidecar(intake: str, workload: str) -> Json:
    """The sidecar of the workload inventory.shop."""
    return {
        **_node(DESTINATION_SIDECAR),
        "static_resources": {
            "listeners": [
                _listener(
                    "inbound",
                    [otlp_log("otel_envoy_accesslog", "mesh_intake")],
                    [_route("/", INBOUND_CLUSTER, "default")],
                    [],
                )
            ],
            "clusters": [_cluster(INBOUND_CLUSTER, workload), _cluster("mesh_intake", intake, http2=True)],
        },
    }


def als_log(log_name: str, cluster: str) -> Json:
    """An access log that streams to Gatelens' gRPC port."""
    return {
        "name": "envoy.access_loggers.http_grpc",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.grpc.v3.HttpGrpcAccessLogConfig",
            "common_config": {
                "log_name": log_name,
                "transport_api_version": "V3",
                "grpc_service": {"envoy_grpc": {"cluster_name": cluster}},
                "buffer_flush_interval": "0.5s",
                "buffer_size_bytes": 262144,
                "custom_tags": [
                    {"tag": "consumer", "request_header": {"name": _CONSUMER_HEADER}},
                ],
            },
        },
    }


def otlp_log(log_name: str, cluster: str) -> Json:
    """An access log that exports OpenTelemetry log records to Gatelens' gRPC port."""
    return {
        "name": "envoy.access_loggers.open_telemetry",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
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
            "@type": f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"json_format": _ATTRIBUTES},
        },
    }


def text_log(path: str) -> Json:
    """An access log in Envoy's default text format."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {"@type": f"{_EXTENSIONS}.access_loggers.file.v3.FileAccessLog", "path": path},
    }


def _values(attributes: Mapping[str, str]) -> Json:
    """OpenTelemetry's KeyValueList."""
    return {"values": [{"key": key, "value": {"string_value": text}} for key, text in attributes.items()]}


def _node(node: Node) -> Json:
    return {
        "node": {"id": node.id, "cluster": node.cluster, "metadata": {"environment": ENVIRONMENT}},
        "admin": {"address": _address("127.0.0.1:0")},
    }


def _address(host_and_port: str) -> Json:
    host, _, port = host_and_port.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}


def _cluster(name: str, endpoint: str, *, http2: bool = False) -> Json:
    cluster: Json = {
        "name": name,
        "connect_timeout": "1s",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(endpoint)}}]}],
        },
    }
    if http2:
        cluster["typed_extension_protocol_options"] = {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return cluster


def _listener(name: str, logs: list[Json], routes: list[Json], filters: list[Json]) -> Json:
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
    }
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "use_remote_address": True,
        "access_log": logs,
        "http_filters": [*filters, router],
        "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}]},
    }
    return {
        "name": name,
        "address": _address("127.0.0.1:0"),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _routes(ports: Mapping[str, int]) -> list[Json]:
    export = _route(RATE_LIMITED_PATH, "catalog", "catalog")
    export_exactly = _route(RATE_LIMITED_PATH, "catalog", "catalog")
    export["typed_per_filter_config"] = _rate_limit(_bucket(EXPORTS_PER_MINUTE))
    export_exactly["match"]["headers"] = [{"name": EXACT_HEADER, "present_match": True}]
    export_exactly["typed_per_filter_config"] = _rate_limit(_bucket(1), **_more_than_there_is())
    routes = [export_exactly, export]
    for cluster in ports:
        api, _, version = cluster.partition("-")
        routes.append(_route(f"/{api}/{version}/" if version else f"/{api}/", cluster, cluster))
    return [*routes, _route(f"/{DEAD_CLUSTER}/", DEAD_CLUSTER, DEAD_CLUSTER)]


def _route(prefix: str, cluster: str, name: str) -> Json:
    return {"name": name, "match": {"prefix": prefix}, "route": {"cluster": cluster, "timeout": "10s"}}


def _filters() -> list[Json]:
    return [
        {
            "name": "envoy.filters.http.api_key_auth",
            "typed_config": {
                "@type": f"{_EXTENSIONS}.filters.http.api_key_auth.v3.ApiKeyAuth",
                "credentials": [{"key": key, "client": consumer} for consumer, key in CONSUMERS.items()],
                "key_sources": [{"header": "x-api-key"}],
                "forwarding": {"header": _CONSUMER_HEADER, "hide_credentials": True},
            },
        },
        {
            "name": "envoy.filters.http.local_ratelimit",
            "typed_config": {
                "@type": f"{_EXTENSIONS}.filters.http.local_ratelimit.v3.LocalRateLimit",
                "stat_prefix": "demo_rate_limit",
            },
        },
    ]


def _rate_limit(bucket: Json, **more: list[Json]) -> Json:
    everything = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "envoy.filters.http.local_ratelimit": {
            "@type": f"{_EXTENSIONS}.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "demo_rate_limit",
            "token_bucket": bucket,
            "filter_enabled": everything,
            "filter_enforced": everything,
            **more,
        }
    }


def _bucket(tokens_a_minute: int) -> Json:
    return {"max_tokens": tokens_a_minute, "tokens_per_fill": tokens_a_minute, "fill_interval": "60s"}


def _more_than_there_is() -> Json:
    """A limit that no request passes: each asks for two tokens of a bucket that holds one."""
    return {
        "descriptors": [
            {"entries": [{"key": "generic_key", "value": "exact"}], "token_bucket": _bucket(1)},
        ],
        "rate_limits": [
            {"actions": [{"generic_key": {"descriptor_value": "exact"}}], "hits_addend": {"number": 2}},
        ],
    }
