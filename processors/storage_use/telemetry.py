"""The storage report as OpenTelemetry instruments."""

import threading
import time
from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from processors.storage_use.report import StorageReport
from storage.errors import StoreError

# Every page of metrics asks; nothing here changes faster.
_KEPT_SECONDS = 60.0


class StorageMetrics:
    """The instruments of storage, made once for a meter."""

    def __init__(self, meter: Meter, read: Callable[[], StorageReport]) -> None:
        self._read = read
        self._change = threading.Lock()
        self._report: StorageReport | None = None
        self._until = 0.0
        meter.create_observable_gauge(
            "gatelens.storage.size", [self._sizes], unit="By", description="What each table takes on disk."
        )
        meter.create_observable_gauge(
            "gatelens.storage.rows", [self._rows], unit="{row}", description="The rows of each table."
        )
        meter.create_observable_gauge(
            "gatelens.storage.free", [self._free], unit="By", description="What is free on the disk of the tables."
        )
        meter.create_observable_gauge(
            "gatelens.storage.time_left",
            [self._time_left],
            unit="s",
            description="Time until the disk is full at the rate of the last day.",
        )

    def _sizes(self, _: CallbackOptions) -> Iterable[Observation]:
        report = self._current()
        return [] if report is None else [Observation(each.bytes, {"table": each.name}) for each in report.tables]

    def _rows(self, _: CallbackOptions) -> Iterable[Observation]:
        report = self._current()
        return [] if report is None else [Observation(each.rows, {"table": each.name}) for each in report.tables]

    def _free(self, _: CallbackOptions) -> Iterable[Observation]:
        report = self._current()
        return [] if report is None else [Observation(report.free_bytes)]

    def _time_left(self, _: CallbackOptions) -> Iterable[Observation]:
        report = self._current()
        return [] if report is None or report.days_left is None else [Observation(report.days_left * 86_400)]

    def _current(self) -> StorageReport | None:
        """The report; None where the store does not answer."""
        with self._change:
            if time.monotonic() >= self._until:
                self._until = time.monotonic() + _KEPT_SECONDS
                try:
                    self._report = self._read()
                except StoreError:
                    self._report = None
            return self._report
