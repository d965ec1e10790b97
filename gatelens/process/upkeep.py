"""Upkeep of the tables: rollups, retention, and figures of their size."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gatelens.configuration.config import Config, load_config
from gatelens.process.running_parts import RunningParts
from gatelens.process.telemetry import Telemetry
from processors.lease.lease import Lease
from processors.periodic_thread import PeriodicThread
from processors.retention.apply import apply_retention
from processors.retention.config import RetentionConfig
from processors.rollups.filler import RollupFiller
from processors.storage_use.report import storage_report
from processors.storage_use.telemetry import StorageMetrics
from storage.errors import GatelensError, StoreError
from storage.store import Store

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0


def start_upkeep(
    parts: RunningParts,
    store: Store,
    config: Config,
    config_file: Path | None,
    telemetry: Telemetry,
    clock: Callable[[], datetime],
    lease: Lease,
) -> RollupFiller:
    """Start it, on tables that have the retention of the `config`."""
    reports = store.apart(1)
    StorageMetrics(telemetry.meter, lambda: storage_report(reports, clock()))
    keeper = RetentionKeeper(store.apart(1), config.retention, config_file)
    keeper.start()
    parts.at_close.callback(keeper.stop)
    filler = RollupFiller(store.apart(1), lease.now, telemetry.meter, lambda: lease.is_held)
    filler.start()
    parts.at_close.callback(filler.stop)
    return filler


class RetentionKeeper:
    """Applies changes of the retention in the configuration file, in a thread of its own."""

    def __init__(self, store: Store, retention: RetentionConfig, config_file: Path | None) -> None:
        """`retention` is what the tables of the store have."""
        self._store = store
        self._retention = retention
        self._file = config_file
        self._seen: tuple[int, int] | None = None
        self._seen = self._state()
        self._thread = PeriodicThread(
            "retention",
            _LOOK_SECONDS,
            self._try_to_look,
            "Looking at the configuration broke off; what was set stays.",
            first_after_seconds=_LOOK_SECONDS,
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop()

    def look(self) -> None:
        """Apply what has changed in the file. Raises GatelensError."""
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        retention = load_config(self._file).retention
        if retention != self._retention:
            apply_retention(self._store, retention)
            self._retention = retention

    def _state(self) -> tuple[int, int] | None:
        """What changes with the file; None where there is none."""
        try:
            found = self._file.stat() if self._file is not None else None
        except OSError:
            # One that is being replaced.
            return self._seen
        return (found.st_mtime_ns, found.st_size) if found is not None else None

    def _try_to_look(self) -> None:
        try:
            self.look()
        except StoreError as error:
            # The next look finds it changed again.
            self._seen = None
            _log.error("Retention could not be changed; it is tried again.", extra={"error": str(error)})
        except GatelensError as error:
            _log.error("The changed configuration has faults; what was set stays.", extra={"error": str(error)})
