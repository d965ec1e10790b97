"""Who wrote a container's log, from where the runtime keeps it."""

import re

from collector.formats.shared.workload import gateway_of_pod
from collector.records.place import NOWHERE, Place

# https://kubernetes.io/docs/concepts/cluster-administration/logging/: pods/NAMESPACE_POD_UID/CONTAINER/0.log, and
# containers/POD_NAMESPACE_CONTAINER-ID.log that links to it.
_POD = re.compile(r"/(?P<namespace>[a-z0-9-]+)_(?P<pod>[a-z0-9.-]+)_[0-9a-f-]{32,36}/[a-z0-9-]+/\d+\.log[^/]*$")
_CONTAINER = re.compile(r"/(?P<pod>[a-z0-9.-]+)_(?P<namespace>[a-z0-9-]+)_[a-z0-9-]+-[0-9a-f]{64}\.log$")
_DOCKER = re.compile(r"/(?P<id>[0-9a-f]{64})/(?P=id)-json\.log[^/]*$")


def place_of_path(*paths: str) -> Place:
    """The workload and its pod, or the container, that the first of the paths to a file names."""
    for path in paths:
        if found := _POD.search(path) or _CONTAINER.search(path):
            return Place(gateway_of_pod(found["pod"], found["namespace"]), found["pod"])
        if found := _DOCKER.search(path):
            return Place("", found["id"][:12])
    return NOWHERE
