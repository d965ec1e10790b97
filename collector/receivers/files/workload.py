"""Who wrote a container's log, from where the runtime keeps it."""

import re
from typing import NamedTuple

from collector.formats.shared.workload import workload_of_pod


class Workload(NamedTuple):
    """The workload as meshes name it, `name.namespace`, and its pod or container."""

    name: str
    instance: str


# https://kubernetes.io/docs/concepts/cluster-administration/logging/: pods/NAMESPACE_POD_UID/CONTAINER/0.log, and
# containers/POD_NAMESPACE_CONTAINER-ID.log that links to it.
_POD = re.compile(r"/(?P<namespace>[a-z0-9-]+)_(?P<pod>[a-z0-9.-]+)_[0-9a-f-]{32,36}/[a-z0-9-]+/\d+\.log[^/]*$")
_CONTAINER = re.compile(r"/(?P<pod>[a-z0-9.-]+)_(?P<namespace>[a-z0-9-]+)_[a-z0-9-]+-[0-9a-f]{64}\.log$")
_DOCKER = re.compile(r"/(?P<id>[0-9a-f]{64})/(?P=id)-json\.log[^/]*$")


def workload_of(*paths: str) -> Workload:
    """The workload that the first of the paths to a file names; empty where none does."""
    for path in paths:
        if found := _POD.search(path) or _CONTAINER.search(path):
            name = workload_of_pod(found["pod"])
            return Workload(f"{name}.{found['namespace']}", found["pod"])
        if found := _DOCKER.search(path):
            return Workload("", found["id"][:12])
    return Workload("", "")
