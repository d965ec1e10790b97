"""The workload that a pod belongs to, by the pod's name."""

import re

# What Kubernetes adds to the name of a workload, of the letters that it makes names of: a Deployment's pods end in two
# such words, a DaemonSet's in one, and a StatefulSet's in a number.
GENERATED_NAME = r"(?:-[bcdfghjklmnpqrstvwxz2456789]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}$|-[0-9]+$"

_GENERATED = re.compile(GENERATED_NAME)


def workload_of_pod(pod: str) -> str:
    """The name of the workload, as the rule `workload_of_pod` has it in SQL."""
    return _GENERATED.sub("", pod, count=1)
