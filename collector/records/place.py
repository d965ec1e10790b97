"""Who wrote a line that an agent has wrapped in a record, read from the record's other fields.

For records that are kept whole, json_named.sql reads it in the same order; docs/naming.md has the rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from collector.formats.shared.workload import gateway_of_pod, service_of_container
from collector.records.classify import Member, grouped, line_of


class Place(NamedTuple):
    """A gateway and its instance; '' where the record does not name it."""

    gateway: str = ""
    instance: str = ""


class Part(NamedTuple):
    """Lines of one format and one place."""

    format: str
    body: bytes
    place: Place = Place()


NOWHERE = Place()

_GATEWAY = ("gateway",)
_SERVICE = ("service.name", "service")
_INSTANCE = ("instance",)
_HOST = ("hostname", "_HOSTNAME", "host")
# Of Docker's log drivers, Compose, Swarm and ECS.
_CONTAINER = "container_name"
# Of Fluent Bit's and Fluentd's filter, Filebeat's (an object each) and Vector's source, and by the names of
# OpenTelemetry, as in the fields of HEC.
_KUBERNETES = "kubernetes"
_PODS = ("pod_name", "pod")
_NAMESPACES = ("namespace_name", "namespace", "pod_namespace")
_POD, _NAMESPACE = "k8s.pod.name", "k8s.namespace.name"

PLACE_KEYS = frozenset({*_GATEWAY, *_SERVICE, *_INSTANCE, *_HOST, _CONTAINER, _KUBERNETES, _POD, _NAMESPACE})
_MARKS = tuple(f'"{key}"'.encode() for key in sorted(PLACE_KEYS))


def may_name_places(lines: bytes) -> bool:
    """Whether any record in lines of JSON may name its place."""
    return any(mark in lines for mark in _MARKS)


def place_of(record: Mapping[str, Any]) -> Place:
    """The place that a record names."""
    if PLACE_KEYS.isdisjoint(record):
        return NOWHERE
    pod, namespace = _pod(record)
    container = _text(record.get(_CONTAINER)).lstrip("/")
    service = _first(record, _SERVICE) or service_of_container(container)
    return Place(
        _first(record, _GATEWAY) or gateway_of_pod(pod, namespace) or service,
        _first(record, _INSTANCE) or pod or container or _first(record, _HOST),
    )


def place_of_record(record: Mapping[str, Any]) -> Place:
    """The place that a record names: where it holds no line it is a request itself, and its host the one asked for."""
    if "host" not in record or line_of(record):
        return place_of(record)
    return place_of({key: value for key, value in record.items() if key != "host" or isinstance(value, dict)})


def by_place(members: Sequence[Member], places: Iterable[Place]) -> dict[Place, list[Member]]:
    """Members by the place of each."""
    return grouped(members, list(places))


def _pod(record: Mapping[str, Any]) -> tuple[str, str]:
    kubernetes = record.get(_KUBERNETES)
    if not isinstance(kubernetes, dict):
        return _text(record.get(_POD)), _text(record.get(_NAMESPACE))
    return _first(kubernetes, _PODS), _first(kubernetes, _NAMESPACES)


def _first(record: Mapping[str, Any], keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := _text(record.get(key)))), "")


def _text(value: object) -> str:
    # Filebeat's and ECS' host is an object, and ECS' service. A service that has a host is one behind the gateway.
    if isinstance(value, dict):
        value = "" if "host" in value else value.get("name")
    return value if isinstance(value, str) else ""
