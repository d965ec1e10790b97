"""Requests of the past as lines of Envoy's JSON access log, and as those of Flex Gateway and of Mule."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from gatelens.demo.gateways.flex import policy_message, record
from gatelens.demo.gateways.mule_speech import Exchange, analytics_event, event_line
from gatelens.demo.model import (
    BLOCKED_ADDRESSES,
    DESTINATION_SIDECAR,
    GATEWAY,
    HOST,
    INBOUND_CLUSTER,
    INVENTORY,
    MESH_HOST,
    REFUSED_DETAILS,
    SOURCE_SIDECAR,
    UPSTREAMS,
    USER_AGENTS,
    VIA_UPSTREAM,
    Kind,
    Node,
)
from gatelens.demo.past.past import (
    ALL_KINDS,
    BY_ENVOY,
    BY_FLEX,
    BY_MESH,
    BY_MULE,
    FROM_CACHE,
    LOCAL,
    REACHED,
    REFUSED,
    Requests,
)
from gatelens.demo.past.template import Columns, Template, write_all

# The way between a request's two sidecars, and what the second one adds to its upstream's time.
_WAY_US = 150
_SECOND_PROXY_US = 200

_DEAD_HOST = "10.1.2.99:8080"
_HOSTS = {
    upstream.cluster: f"10.1.2.{number}:8080" for number, upstream in enumerate((*UPSTREAMS, INVENTORY), start=10)
}
_ENDS = (LOCAL, REACHED, REFUSED, FROM_CACHE)
_FLAGS = {REACHED: "-", REFUSED: "UF", FROM_CACHE: "RFCF"}
_DETAILS = {REACHED: VIA_UPSTREAM, REFUSED: REFUSED_DETAILS, FROM_CACHE: "response_from_cache_filter"}
# Of those who refuse a request at Mule, by its status.
_POLICIES = {401: "Client ID enforcement", 403: "IP blocklist", 429: "Rate limiting"}


def lines(requests: Requests) -> list[str]:
    """The log of all the Envoys, in order of time; a request that both sidecars saw is two lines."""
    first = requests.only((requests.gateway == BY_ENVOY) | (requests.gateway == BY_MESH))
    second = _at_destination(requests)
    written = [*_write(first, _FIRST), *_write(second, _SECOND)]
    order = np.argsort(np.concatenate([first.time, second.time]), kind="stable")
    return [written[index] for index in order.tolist()]


def flex_lines(requests: Requests) -> list[str]:
    """What Flex Gateway sends: the records of its policy."""
    return _write(requests.only(requests.gateway == BY_FLEX), _FLEX)


def mule_lines(requests: Requests) -> list[str]:
    """Mule's log, with an analytics event in each line."""
    return _write(requests.only(requests.gateway == BY_MULE), _MULE)


def _at_destination(requests: Requests) -> Requests:
    """The requests that reached the destination's sidecar, as it saw them."""
    seen = requests.only((requests.gateway == BY_MESH) & (requests.end == REACHED))
    duration = np.maximum(seen.upstream - 2 * _WAY_US, 2)
    upstream = np.maximum(duration - _SECOND_PROXY_US, 1)
    return replace(seen, time=seen.time + _WAY_US, duration=duration, upstream=upstream)


def _write(requests: Requests, templates: dict[int, Template]) -> list[str]:
    return write_all(templates, _columns(requests), _pick(requests.kind, requests.end))


def _columns(requests: Requests) -> Columns:
    replied = requests.time + requests.duration
    return {
        "time": np.datetime_as_string(requests.time.astype("datetime64[us]")),
        "replied": np.datetime_as_string(replied.astype("datetime64[us]")),
        "replied_ms": np.datetime_as_string((replied // 1000).astype("datetime64[ms]")),
        "number": requests.number,
        "status": requests.status,
        "received": requests.received,
        "sent": requests.sent,
        "ms": requests.duration // 1000,
        "us": requests.duration,
        "upstream_us": requests.upstream,
        "upstream_ms": requests.upstream // 1000,
        "client": requests.client,
        "agent": np.array(USER_AGENTS)[requests.agent],
        "id": requests.id,
    }


def _pick(kind: Any, end: Any) -> Any:
    return len(_ENDS) * kind + end


def _envoy(kind: Kind, end: int, node: Node, cluster: str) -> str:
    """A line under the names of access_logs.json_log."""
    in_mesh = node != GATEWAY
    record = {
        "start_time": "@time@Z",
        "route_name": "default" if in_mesh else kind.cluster or None,
        "method": kind.method,
        "path": kind.path.replace("{id}", "@number@"),
        "protocol": "HTTP/1.1",
        "response_code": "#status",
        "response_flags": _FLAGS.get(end) or kind.flags or "-",
        "response_code_details": _DETAILS.get(end) or kind.details,
        "connection_termination_details": None,
        "upstream_transport_failure_reason": "delayed_connect_error:_Connection_refused" if end == REFUSED else None,
        "bytes_received": "#received",
        "bytes_sent": "#sent",
        "duration": "#ms",
        "duration_us": "#us",
        "upstream_us": "#upstream_us" if end == REACHED else None,
        "upstream_service_time": "@upstream_ms@" if end == REACHED else None,
        "x_forwarded_for": None if in_mesh else "203.0.113.@client@",
        "user_agent": "@agent@",
        "request_id": "@id@",
        "authority": MESH_HOST if in_mesh else HOST,
        "upstream_host": _HOSTS.get(kind.cluster) if end == REACHED else _DEAD_HOST if end == REFUSED else None,
        "upstream_cluster": cluster or None,
        "downstream_remote_address": "10.1.0.4:41000",
        "requested_server_name": None,
        "consumer": kind.consumer or None,
        "gateway": node.cluster,
        "instance": node.id,
    }
    return json.dumps(record, separators=(",", ":"))


def _flex(kind: Kind, end: int) -> str:
    known = {
        "reqId": "@id@",
        "remoteAddress": _client(kind),
        "method": kind.method,
        "requestPath": kind.path.replace("{id}", "@number@"),
        "statusCode": "#status",
        "clientId": kind.consumer or None,
        "userAgent": "@agent@",
        "requestBytes": "#received",
        "responseBytes": "#sent",
        "route": kind.cluster,
        "details": _DETAILS.get(end) or kind.details,
    }
    message = policy_message(known, "@time@Z", "@replied@Z") or ""
    entry = {"date": "@replied@Z", **record("flex-gateway-envoy", "info", "accessLog", message)}
    # Its block names the environment.
    del entry["environment"]
    return json.dumps(entry, separators=(",", ":"))


def _mule(kind: Kind, end: int) -> str:
    places: dict[str, Any] = {
        "status": "#status",
        "client": _client(kind),
        "user_agent": "@agent@",
        "request_id": "@id@",
        "request_bytes": "#received",
        "response_bytes": "#sent",
    }
    exchange = Exchange(
        api=kind.api,
        version=kind.version,
        consumer=kind.consumer,
        method=kind.method,
        path=kind.path.replace("{id}", "@number@").partition("?")[0],
        policy=_POLICIES.get(kind.status, "") if end == LOCAL else "",
        **places,
    )
    event = analytics_event(exchange, "@time@Z", "@replied@Z", "@id@")
    return event_line("@replied_ms@", json.dumps(event, separators=(",", ":")))


def _client(kind: Kind) -> str:
    # The last kind alone comes from addresses that are blocked.
    return f"{BLOCKED_ADDRESSES if kind is ALL_KINDS[-1] else '203.0.113.'}@client@"


_NUMBERED = [(number, kind, end) for number, kind in enumerate(ALL_KINDS) for end in _ENDS]
_FIRST = {
    _pick(number, end): Template(
        _envoy(kind, end, SOURCE_SIDECAR if kind.cluster.startswith("outbound") else GATEWAY, kind.cluster)
    )
    for number, kind, end in _NUMBERED
}
_SECOND = {
    _pick(number, end): Template(_envoy(kind, end, DESTINATION_SIDECAR, INBOUND_CLUSTER))
    for number, kind, end in _NUMBERED
}
_FLEX = {_pick(number, end): Template(_flex(kind, end)) for number, kind, end in _NUMBERED if kind.api}
_MULE = {_pick(number, end): Template(_mule(kind, end)) for number, kind, end in _NUMBERED if kind.api}
