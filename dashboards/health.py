"""Whether Gatelens can do its work, and if not, why."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from storage.errors import StoreError
from storage.store import Store

_FULL = 0.9
# What a check may take; the store's calls end by then, or are abandoned.
HEALTH_SECONDS = 5.0


@dataclass(frozen=True)
class Health:
    """What readiness depends on: ClickHouse, room in the spool, a writer that gets on, a ledger that balances.

    The store has handles that nothing else uses, and calls that end within HEALTH_SECONDS.
    """

    store: Store
    spool_fill: Callable[[], float]
    writer_fault: Callable[[], str]
    ledger_fault: Callable[[], str] = lambda: ""
    quarantine_fault: Callable[[], str] = lambda: ""
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "health"), init=False)

    async def faults(self) -> list[str]:
        """The same as `check`, without keeping the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.check)

    def check(self) -> list[str]:
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
        if fault := self.ledger_fault():
            faults.append(f"What was accepted is not what is stored: {fault}")
        if fault := self.quarantine_fault():
            faults.append(fault)
        return faults
