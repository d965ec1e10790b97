"""Who wrote a record, where a record of an agent tells it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from collector.formats.descriptor import Record
from collector.formats.shared.workload import workload_of_pod

Member = TypeVar("Member")


class Place(NamedTuple):
    """The workload as people name it, and the pod, container or host."""

    workload: str = ""
    instance: str = ""


NOWHERE = Place()

# Without one of these keys, a record tells of no place.
TELLING = frozenset({"kubernetes", "container_name", "_HOSTNAME"})


def place_of(record: Record) -> Place:
    """The place of a record's pod, else container, else host."""
    if (kubernetes := record.get("kubernetes")) is not None:
        return place_of_pod(kubernetes)
    if isinstance(container := record.get("container_name"), str):
        return Place(_service(container), container)
    host = record.get("_HOSTNAME")
    return Place("", host) if isinstance(host, str) else NOWHERE


def place_of_pod(kubernetes: object) -> Place:
    """What Kubernetes' metadata tell, as json_named.sql has it."""
    if not isinstance(kubernetes, Mapping) or not isinstance(pod := kubernetes.get("pod_name"), str):
        return NOWHERE
    labels = kubernetes.get("labels")
    names = labels if isinstance(labels, Mapping) else {}
    workload = names.get("app.kubernetes.io/name") or names.get("app") or workload_of_pod(pod)
    namespace = kubernetes.get("namespace_name")
    return Place(f"{workload}.{namespace}" if namespace else str(workload), pod)


def by_place(members: Sequence[Member], places: Sequence[Place]) -> Iterator[tuple[Place, Sequence[Member]]]:
    """What is of each place, in its order."""
    if len(set(places)) == 1:
        yield places[0], members
        return
    groups: dict[Place, list[Member]] = {}
    for place, member in zip(places, members, strict=True):
        groups.setdefault(place, []).append(member)
    yield from groups.items()


def _service(container: str) -> str:
    """The service of a container: of Compose's `shop-edge-1`, Swarm's `shop_edge.1.0a1b…`, ECS' `edge/edge/0a1b…`."""
    if "/" in container:
        return container.split("/")[-2]
    name, _, rest = container.partition(".")
    if rest[:1].isdigit():
        return name
    name = container.rstrip("0123456789")
    return name[:-1] if name[-1:] in ("-", "_") and name != container else container
