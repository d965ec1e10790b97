"""Requests of the past as lines of Envoy's JSON access log.

Most of a line is the same for every request of a kind, so it is a template, and a line costs one `%`.
"""

import json
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from gatelens.demo.model import (
    DESTINATION_SIDECAR,
    GATEWAY,
    HOST,
    INBOUND_CLUSTER,
    INVENTORY,
    KINDS,
    MESH_HOST,
    SOURCE_SIDECAR,
    UPSTREAMS,
    USER_AGENTS,
    VIA_UPSTREAM,
    Kind,
    Node,
)
from gatelens.demo.past import ALL_KINDS, Requests

# The way between a request's two sidecars, and what the second one adds to its upstream's time.
_WAY_US = 150
_SECOND_PROXY_US = 200

_DEAD_HOST = "10.1.2.99:8080"
_HOSTS = {
    upstream.cluster: f"10.1.2.{number}:8080" for number, upstream in enumerate((*UPSTREAMS, INVENTORY), start=10)
}

# Places in a template. Each takes the next value of a row; the last two take one and write nothing, or null.
_PLACES = {'"@number"': "%d", "@text": "%s", "@nothing": "%.0s", '"@null"': "null%.0s"}


def lines(requests: Requests) -> list[str]:
    """The log of all the Envoys, in order of time; a request that both sidecars saw is two lines."""
    second = _at_destination(requests)
    told = [*_write(requests, _FIRST_TEMPLATES), *_write(second, _SECOND_TEMPLATES)]
    order = np.argsort(np.concatenate([requests.time, second.time]), kind="stable")
    return [told[index] for index in order.tolist()]


def _at_destination(requests: Requests) -> Requests:
    """The requests that reached the destination's sidecar, as it saw them."""
    arrived = (requests.kind >= len(KINDS)) & requests.reached
    seen = Requests(**{field.name: getattr(requests, field.name)[arrived] for field in fields(Requests)})
    duration = np.maximum(seen.upstream - 2 * _WAY_US, 2)
    upstream = np.maximum(duration - _SECOND_PROXY_US, 1)
    return replace(seen, time=seen.time + _WAY_US, duration=duration, upstream=upstream)


def _write(requests: Requests, templates: Sequence[str]) -> list[str]:
    agents = np.array(USER_AGENTS)
    picks = (2 * requests.kind + requests.reached).tolist()
    rows = zip(
        np.datetime_as_string(requests.time.astype("datetime64[us]")).tolist(),
        requests.number.tolist(),
        requests.status.tolist(),
        requests.received.tolist(),
        requests.sent.tolist(),
        (requests.duration // 1000).tolist(),
        requests.duration.tolist(),
        requests.upstream.tolist(),
        (requests.upstream // 1000).tolist(),
        requests.client.tolist(),
        agents[requests.agent].tolist(),
        requests.id.tolist(),
        strict=True,
    )
    return [templates[pick] % row for pick, row in zip(picks, rows, strict=True)]


def _template(kind: Kind, node: Node, cluster: str, *, reached: bool) -> str:
    """A line under the names of bootstrap.json_log, its places in the order of the rows above."""
    in_mesh = node != GATEWAY
    refused = "UF" in kind.flags
    record = {
        "start_time": "@textZ",
        "route_name": "default" if in_mesh else kind.cluster or None,
        "method": kind.method,
        "path": kind.path.replace("{id}", "@text") if "{id}" in kind.path else f"{kind.path}@nothing",
        "protocol": "HTTP/1.1",
        "response_code": "@number",
        "response_flags": "-" if reached else kind.flags or "-",
        "response_code_details": VIA_UPSTREAM if reached else kind.details,
        "connection_termination_details": None,
        "upstream_transport_failure_reason": "delayed_connect_error:_Connection_refused" if refused else None,
        "bytes_received": "@number",
        "bytes_sent": "@number",
        "duration": "@number",
        "duration_us": "@number",
        "upstream_us": "@number" if reached else "@null",
        "upstream_service_time": "@text" if reached else "@null",
        "x_forwarded_for": "@null" if in_mesh else "203.0.113.@text",
        "user_agent": "@text",
        "request_id": "@text",
        "authority": MESH_HOST if in_mesh else HOST,
        "upstream_host": _HOSTS[kind.cluster] if reached else _DEAD_HOST if refused else None,
        "upstream_cluster": cluster or None,
        "downstream_remote_address": "10.1.0.4:41000",
        "requested_server_name": None,
        "consumer": kind.consumer or None,
        "gateway": node.cluster,
        "instance": node.id,
    }
    text = json.dumps(record, separators=(",", ":")).replace("%", "%%")
    for place, conversion in _PLACES.items():
        text = text.replace(place, conversion)
    return text


def _first(kind: Kind, *, reached: bool) -> str:
    reached = reached and kind.cluster in _HOSTS
    return _template(kind, GATEWAY if kind in KINDS else SOURCE_SIDECAR, kind.cluster, reached=reached)


def _second(kind: Kind, *, reached: bool) -> str:
    return _template(kind, DESTINATION_SIDECAR, INBOUND_CLUSTER, reached=reached and kind.cluster in _HOSTS)


# By twice the kind, and one more where an upstream was reached.
_FIRST_TEMPLATES = [_first(kind, reached=reached) for kind in ALL_KINDS for reached in (False, True)]
_SECOND_TEMPLATES = [_second(kind, reached=reached) for kind in ALL_KINDS for reached in (False, True)]
