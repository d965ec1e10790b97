"""Whether Gatelens can do its work, and if not, why."""

from collections.abc import Callable
from dataclasses import dataclass

from storage.errors import StoreError
from storage.store import Store

_FULL = 0.9


@dataclass(frozen=True)
class Health:
    """What readiness depends on: ClickHouse, room in the spool, and a writer that gets on."""

    store: Store
    spool_fill: Callable[[], float]
    writer_fault: Callable[[], str]
    quarantine_fault: Callable[[], str]

    def faults(self) -> list[str]:
        """One sentence for each reason why telemetry cannot be taken in or shown; empty when ready."""
        faults = []
        try:
            self.store.ping()
        except StoreError as error:
            faults.append(f"ClickHouse does not answer: {error}")
        if self.spool_fill() >= _FULL:
            faults.append(f"The spool is {self.spool_fill():.0%} full; ClickHouse does not take telemetry fast enough.")
        if fault := self.writer_fault():
            faults.append(f"The last segment could not be stored and is tried again: {fault}")
        if fault := self.quarantine_fault():
            faults.append(fault)
        return faults
