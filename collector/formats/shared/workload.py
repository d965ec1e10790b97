"""The workload that a pod belongs to, by the pod's name: the one name that every input can work out."""

import re

# What Kubernetes adds to the name of a workload, of the letters that it makes names of: a Deployment's pods end in two
# such words, a DaemonSet's in one, and a StatefulSet's in a number.
_SUFFIX = r"(?:(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+)"
GENERATED_NAME = _SUFFIX + "$"
# The same in pod.namespace, as Istio's nodes are named; a namespace has no dots.
GENERATED_NAME_IN_NAMESPACE = _SUFFIX + r"(\.[^.]*)?$"

_GENERATED = re.compile(GENERATED_NAME)


def workload_of_pod(pod: str) -> str:
    """The name of the workload, as the rule `workload_of_pod` has it in SQL."""
    return _GENERATED.sub("", pod, count=1)


def gateway_of_pod(pod: str, namespace: str) -> str:
    """The gateway that a pod is a replica of, as the rule `gateway_of_pod` has it in SQL."""
    return f"{workload_of_pod(pod)}.{namespace}" if pod and namespace else workload_of_pod(pod)
