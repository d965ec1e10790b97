"""Who wrote the lines that log records have as bodies, by the attributes of OpenTelemetry.

Records that stay log records tell it by otlp_resource.sql, in the same order; docs/naming.md has the rule.
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
# What of a record's own attributes tells who wrote it, or from which file it was read.
_OF_RECORD = ("gateway", "instance", "k8s.pod.name", "k8s.namespace.name", "log.file.path", "log.file.name")
_HOST = ("host.name", "host.id", "container.id")
_POD, _NAMESPACE = "k8s.pod.name", "k8s.namespace.name"
_PATH = "log.file.path"
# type~address~pod.namespace~domain
_ISTIO_NODE = re.compile(r"[^~]*~[^~]*~(?P<pod>[^~.]*)(?:\.(?P<namespace>[^~]*))?~")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def source_of(own: Attributes) -> tuple[tuple[str, str], ...]:
    """What a record's attributes tell of its source: all of one source are of one place."""
    return tuple((key, own[key]) for key in _OF_RECORD if key in own)


def place_of_record(own: Attributes, resource: Attributes) -> Place:
    """The place that the attributes of a record and of its resource tell."""
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


def place_of_resource(told: Attributes) -> Place:
    """The place that the attributes of a resource tell."""
    return Place(_gateway(told), _instance(told))


def environment_of(resource: Attributes) -> str:
    """The environment that the attributes of a resource name; '' where they name none."""
    return _first(resource, _ENVIRONMENT)


def _gateway(told: Attributes) -> str:
    service, workload, namespace = told.get("service.name", ""), _first(told, _WORKLOAD), told.get(_NAMESPACE, "")
    pod, namespace_of_node = _istio_pod(told)
    return (
        _first(told, _GATEWAY)
        or gateway_of_pod(told.get(_POD, ""), namespace)
        or (f"{workload}.{namespace}" if workload and namespace else workload)
        or gateway_of_pod(pod, namespace_of_node)
        or told.get("cluster_name", "")
        or ("" if service.startswith("unknown_service") else service)
    )


def _instance(told: Attributes) -> str:
    service_instance, host = told.get("service.instance.id", ""), _first(told, _HOST)
    if host and _UUID.fullmatch(service_instance):
        service_instance = ""
    return (
        told.get("instance", "")
        or told.get(_POD, "")
        or _istio_pod(told)[0]
        or service_instance
        or told.get("node_name", "")
        or host
    )


def _istio_pod(told: Attributes) -> tuple[str, str]:
    for key in ("node_name", "service.instance.id"):
        if found := _ISTIO_NODE.match(told.get(key, "")):
            return found["pod"], found["namespace"] or ""
    return "", ""


def _first(told: Attributes, keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := told.get(key, ""))), "")
