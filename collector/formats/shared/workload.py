"""What a pod or a container is a replica of, by its name alone: the one name that every input can work out."""

import re

# What Kubernetes adds to the name of a workload, of the letters that it makes names of: a Deployment's pods end in two
# such words, a DaemonSet's in one, and a StatefulSet's in a number.
_SUFFIX = r"(?:(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+)"
GENERATED_NAME = _SUFFIX + "$"
# The same in pod.namespace, as Istio's nodes are named; a namespace has no dots.
GENERATED_NAME_IN_NAMESPACE = _SUFFIX + r"(\.[^.]*)?$"

_GENERATED = re.compile(GENERATED_NAME)
_NUMBERED = re.compile(r"[-_][0-9]+$")


def workload_of_pod(pod: str) -> str:
    """The name of the workload, as the rule `workload_of_pod` has it in SQL."""
    return _GENERATED.sub("", pod, count=1)


def gateway_of_pod(pod: str, namespace: str) -> str:
    """The gateway that a pod is a replica of, as the rule `gateway_of_pod` has it in SQL."""
    return f"{workload_of_pod(pod)}.{namespace}" if pod and namespace else workload_of_pod(pod)


def service_of_container(container: str) -> str:
    """The service of a container, as the rule `service_of_container` has it in SQL.

    Of Compose's `shop-edge-1`, Swarm's `shop_edge.1.0a1b…`, ECS' `edge/edge/0a1b…`.
    """
    if "/" in container:
        return container.split("/")[-2]
    name, _, rest = container.partition(".")
    return name if rest[:1].isdigit() else _NUMBERED.sub("", container, count=1)
