"""Which of the processes on one ClickHouse does what only one of them may do."""

from collections.abc import Callable
from datetime import datetime

from gatelens.data_directory.directory import DataDirectory
from gatelens.process.running_parts import RunningParts
from processors.lease.lease import Lease, OnlyProcess, SharedLease
from processors.lease.terms import Terms
from storage.store import Store

# Of the whole lease, by the first work that was done under it: older processes on the server know it by this name.
_NAME = "alerts"


def start_lease(parts: RunningParts, store: Store, directory: DataDirectory, clock: Callable[[], datetime]) -> Lease:
    """Hold the lease or wait for it: an embedded ClickHouse has one process, a server may have many."""
    if store.embedded:
        return OnlyProcess(clock)
    lease = SharedLease(Terms(store.apart(1), _NAME), directory.identity, clock)
    lease.start()
    parts.at_close.callback(lease.stop)
    return lease
