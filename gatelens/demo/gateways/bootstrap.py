"""Envoy bootstraps of the demo, as data; deploy/gateways/envoy has the same settings to paste.

https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
"""

from collections.abc import Mapping, Sequence

from gatelens.demo.gateways import access_logs, filters
from gatelens.demo.gateways.settings import EXTENSIONS, Json
from gatelens.demo.model import (
    CACHED_PATH,
    DEAD_MESH_CLUSTER,
    DESTINATION_SIDECAR,
    ENVIRONMENT,
    EXACT_HEADER,
    FLEX,
    GATEWAY,
    INBOUND_CLUSTER,
    INVENTORY,
    NAMESPACE,
    RATE_LIMITED_PATH,
    SOURCE_SIDECAR,
    TRACED_PERCENT,
    Node,
    prefix_of,
)

_INTAKE = "gatelens"


def gateway(intake: str, ports: Mapping[str, int]) -> Json:
    """The gateway: listener `als` logs through the access log service, `otlp` through OpenTelemetry."""
    policies = [filters.api_key(), filters.rate_limit(), filters.cache()]
    logs = {"als": access_logs.als_log("demo", _INTAKE), "otlp": access_logs.otlp_log("demo", _INTAKE)}
    listeners = [_listener(name, GATEWAY, log, _routes(ports), policies) for name, log in logs.items()]
    return _bootstrap(GATEWAY, listeners, _local(ports), intake)


def flex(intake: str, ports: Mapping[str, int]) -> Json:
    """An Envoy whose log is what Flex Gateway's policies know; it goes to the standard output."""
    policies = [filters.api_key(), filters.blocked_addresses(), filters.rate_limit(), filters.cache()]
    listener = _listener("apis", FLEX, access_logs.flex_log(), _routes(ports), policies)
    return _bootstrap(FLEX, [listener], _local(ports), intake)


def source_sidecar(intake: str, destination: str, dead: str) -> Json:
    """The sidecar of the workload checkout.shop, which calls inventory.shop."""
    routes = [
        _route("/inventory/dead", DEAD_MESH_CLUSTER, "default"),
        _route("/", INVENTORY.cluster, "default"),
    ]
    log = access_logs.als_log("http_envoy_accesslog", _INTAKE)
    endpoints = {INVENTORY.cluster: destination, DEAD_MESH_CLUSTER: dead}
    return _bootstrap(SOURCE_SIDECAR, [_listener("outbound", SOURCE_SIDECAR, log, routes, [])], endpoints, intake)


def destination_sidecar(intake: str, workload: str) -> Json:
    """The sidecar of the workload inventory.shop."""
    log = access_logs.otlp_log("otel_envoy_accesslog", _INTAKE)
    listener = _listener("inbound", DESTINATION_SIDECAR, log, [_route("/", INBOUND_CLUSTER, "default")], [])
    return _bootstrap(DESTINATION_SIDECAR, [listener], {INBOUND_CLUSTER: workload}, intake)


def _bootstrap(node: Node, listeners: Sequence[Json], endpoints: Mapping[str, str], intake: str) -> Json:
    clusters = [_cluster(name, endpoint) for name, endpoint in endpoints.items()]
    return {
        "node": {"id": node.id, "cluster": node.cluster, "metadata": {"environment": ENVIRONMENT}},
        "admin": {"address": _address("127.0.0.1:0")},
        "static_resources": {
            "listeners": listeners,
            "clusters": [*clusters, _cluster(_INTAKE, intake, http2=True)],
        },
    }


def _local(ports: Mapping[str, int]) -> dict[str, str]:
    return {name: f"127.0.0.1:{port}" for name, port in ports.items()}


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
                "@type": f"{EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        }
    return cluster


def _listener(name: str, node: Node, log: Json, routes: list[Json], policies: list[Json]) -> Json:
    manager = {
        "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "use_remote_address": True,
        "tracing": _tracing(node),
        "access_log": [log],
        "http_filters": [*policies, filters.router()],
        "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}]},
    }
    return {
        "name": name,
        "address": _address("127.0.0.1:0"),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


def _tracing(node: Node) -> Json:
    """Spans of some requests, and of all that a client has begun a trace of."""
    place = {"k8s.pod.name": node.pod, "k8s.namespace.name": NAMESPACE} if node.pod else {}
    attributes = {
        "service.instance.id": node.id,
        "gateway.kind": node.kind,
        "deployment.environment.name": ENVIRONMENT,
        **place,
    }
    detector = "envoy.tracers.opentelemetry.resource_detectors.static_config"
    kind = "tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig"
    return {
        "random_sampling": {"value": TRACED_PERCENT},
        "spawn_upstream_span": True,
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "grpc_service": {"envoy_grpc": {"cluster_name": _INTAKE}},
                "service_name": node.cluster,
                "resource_detectors": [
                    {"name": detector, "typed_config": {"@type": f"{EXTENSIONS}.{kind}", "attributes": attributes}}
                ],
            },
        },
    }


def _routes(ports: Mapping[str, int]) -> list[Json]:
    export = _route(RATE_LIMITED_PATH, "catalog", "catalog")
    export_exactly = _route(RATE_LIMITED_PATH, "catalog", "catalog")
    export["typed_per_filter_config"] = filters.export_limit()
    export_exactly["match"]["headers"] = [{"name": EXACT_HEADER, "present_match": True}]
    export_exactly["typed_per_filter_config"] = filters.limit_that_nothing_passes()
    products = _route(CACHED_PATH.rstrip("?"), "catalog", "catalog")
    products["typed_per_filter_config"] = filters.cached()
    routes = [export_exactly, export, products]
    for cluster in ports:
        routes.append(_route(prefix_of(cluster), cluster, cluster))
    return routes


def _route(prefix: str, cluster: str, name: str) -> Json:
    return {"name": name, "match": {"prefix": prefix}, "route": {"cluster": cluster, "timeout": "10s"}}
