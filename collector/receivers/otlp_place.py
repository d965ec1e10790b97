"""Who wrote the lines that log records have as bodies, by the attributes of OpenTelemetry.

For records that stay log records, otlp_resource.sql reads it in the same order; docs/naming.md has the rule.
"""

import re
from collections.abc import Mapping, Sequence

from collector.formats.shared.workload import gateway_of_pod
from collector.records.container_path import place_of_path
from collector.records.place import NOWHERE, Place

Attributes = Mapping[str, str]

_ENVIRONMENT = ("deployment.environment.name", "deployment.environment")
_GATEWAY = ("gateway", "gateway.name")
_WORKLOAD = ("k8s.deployment.name", "k8s.statefulset.name", "k8s.daemonset.name")
# A record's own attributes that name who wrote it, or the file it was read from.
_OF_RECORD = ("gateway", "instance", "k8s.pod.name", "k8s.namespace.name", "log.file.path", "log.file.name")
_HOST = ("host.name", "host.id", "container.id")
_POD, _NAMESPACE = "k8s.pod.name", "k8s.namespace.name"
_PATH = "log.file.path"
# type~address~pod.namespace~domain
_ISTIO_NODE = re.compile(r"[^~]*~[^~]*~(?P<pod>[^~.]*)(?:\.(?P<namespace>[^~]*))?~")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def source_of(own: Attributes) -> tuple[tuple[str, str], ...]:
    """The attributes that identify a record's source: all records of one source are of one place."""
    return tuple((key, own[key]) for key in _OF_RECORD if key in own)


def place_of_record(own: Attributes, resource: Attributes) -> Place:
    """The place that the attributes of a record and its resource name."""
    path = NOWHERE
    if not (_first(resource, _GATEWAY) or resource.get(_POD) or _first(resource, _WORKLOAD)):
        path = place_of_path(own.get(_PATH, "") or resource.get(_PATH, ""))
    of_resource = place_of_resource(resource)
    return Place(
        own.get("gateway", "")
        or gateway_of_pod(own.get(_POD, ""), own.get(_NAMESPACE, ""))
        or path.gateway
        or of_resource.gateway,
        own.get("instance", "") or own.get(_POD, "") or path.instance or of_resource.instance,
    )


def place_of_resource(attributes: Attributes) -> Place:
    """The place that a resource's attributes name."""
    return Place(_gateway(attributes), _instance(attributes))


def environment_of(resource: Attributes) -> str:
    """The environment that the attributes of a resource name; '' where they name none."""
    return _first(resource, _ENVIRONMENT)


def _gateway(attributes: Attributes) -> str:
    service, workload, namespace = (
        attributes.get("service.name", ""),
        _first(attributes, _WORKLOAD),
        attributes.get(_NAMESPACE, ""),
    )
    pod, namespace_of_node = _istio_pod(attributes)
    return (
        _first(attributes, _GATEWAY)
        or gateway_of_pod(attributes.get(_POD, ""), namespace)
        or (f"{workload}.{namespace}" if workload and namespace else workload)
        or gateway_of_pod(pod, namespace_of_node)
        or attributes.get("cluster_name", "")
        or ("" if service.startswith("unknown_service") else service)
    )


def _instance(attributes: Attributes) -> str:
    service_instance, host = attributes.get("service.instance.id", ""), _first(attributes, _HOST)
    if host and _UUID.fullmatch(service_instance):
        service_instance = ""
    return (
        attributes.get("instance", "")
        or attributes.get(_POD, "")
        or _istio_pod(attributes)[0]
        or service_instance
        or attributes.get("node_name", "")
        or host
    )


def _istio_pod(attributes: Attributes) -> tuple[str, str]:
    for key in ("node_name", "service.instance.id"):
        if found := _ISTIO_NODE.match(attributes.get(key, "")):
            return found["pod"], found["namespace"] or ""
    return "", ""


def _first(attributes: Attributes, keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := attributes.get(key, ""))), "")
