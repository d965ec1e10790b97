"""The collector's own metrics, as OpenTelemetry instruments; docs/metrics.md lists them.

Names follow the OpenTelemetry Collector's own, which operators already watch.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from collector.arrivals import Arrivals
from collector.refusals import Refusals

Attributes = dict[str, str]


class CollectorMetrics:
    """The collector's instruments, made once for a meter."""

    def __init__(self, meter: Meter) -> None:
        # Whose they were, which no counter could hold.
        self.refusals = Refusals()
        self._accepted = _Accepted()
        # What came lately, for people.
        self.arrivals = Arrivals()
        meter.create_observable_counter(
            "gatelens.receiver.accepted",
            callbacks=[self._accepted.payloads],
            unit="{payload}",
            description="Payloads made durable and acknowledged.",
        )
        meter.create_observable_counter(
            "gatelens.receiver.accepted.size",
            callbacks=[self._accepted.sizes],
            unit="By",
            description="Bytes of the accepted payloads.",
        )
        self._refused = meter.create_counter(
            "gatelens.receiver.refused",
            unit="{payload}",
            description="Payloads refused, by reason; the client knows.",
        )
        self._repeated = meter.create_counter(
            "gatelens.receiver.repeated",
            unit="{body}",
            description="Bodies that were durable already: acknowledged again, not stored again.",
        )
        self._connections_refused = meter.create_counter(
            "gatelens.connections.refused",
            unit="{connection}",
            description="Connections turned away or cut, by port and reason.",
        )
        self._segments = meter.create_counter(
            "gatelens.writer.segments", unit="{segment}", description="Spool segments stored in ClickHouse."
        )
        self._failures = meter.create_counter(
            "gatelens.writer.failures",
            unit="{attempt}",
            description="Inserts that failed and will be tried again.",
        )
        self._recovered = meter.create_counter(
            "gatelens.writer.recovered",
            unit="{payload}",
            description="Payloads recovered as dead letters, as a whole.",
        )
        self._insert = meter.create_histogram(
            "gatelens.writer.insert.duration",
            unit="s",
            description="Time to transform and store one segment.",
            explicit_bucket_boundaries_advisory=[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        )
        self._lag = meter.create_histogram(
            "gatelens.writer.lag",
            unit="s",
            description="Age of a segment's first byte when its rows can be queried.",
            explicit_bucket_boundaries_advisory=[0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300],
        )
        self._meter = meter

    def accepted(self, receiver: str, format_name: str, size: int) -> None:
        self._accepted.add(receiver, format_name, size)
        self.arrivals.add(receiver, format_name, size)

    def refused(self, receiver: str, reason: str, peer: str = "", message: str = "") -> None:
        """`reason` is one of a few words, which docs/metrics.md lists; with a message it is remembered and logged."""
        self._refused.add(1, {"receiver": receiver, "reason": reason})
        if message:
            self.refusals.add(receiver, reason, peer, message)

    def repeated(self, receiver: str) -> None:
        """A body that was durable already has been acknowledged again."""
        self._repeated.add(1, {"receiver": receiver})

    def connection_refused(self, port: str, reason: str, peer: str, message: str) -> None:
        """`reason` is one of a few words, which docs/metrics.md lists."""
        self._connections_refused.add(1, {"input": port, "reason": reason})
        self.refusals.add(port, reason, peer, message)

    def stored(self, format_name: str, insert_seconds: float, lag_seconds: float) -> None:
        attributes: Attributes = {"format": format_name}
        self._segments.add(1, attributes)
        self._insert.record(insert_seconds, attributes)
        self._lag.record(lag_seconds, attributes)

    def failed(self, format_name: str) -> None:
        self._failures.add(1, {"format": format_name})

    def recovered(self, format_name: str, payloads: int) -> None:
        self._recovered.add(payloads, {"format": format_name})

    def observe_spool(
        self,
        size: Callable[[], int],
        capacity: Callable[[], int],
        backlog: Callable[[], int],
        unknown_files: Callable[[], int],
    ) -> None:
        """Watch a spool's size, room, sealed segments and files that are none."""
        self._gauge("gatelens.spool.size", "By", "Bytes that wait for ClickHouse.", size)
        self._gauge("gatelens.spool.capacity", "By", "Room for bytes that wait.", capacity)
        self._gauge("gatelens.spool.backlog", "{segment}", "Sealed segments that wait for the writer.", backlog)
        self._gauge("gatelens.spool.unknown", "{file}", "Files in the spool that are left alone.", unknown_files)

    def observe_damage(self, damaged: Callable[[], int], cut_off: Callable[[], int]) -> None:
        """Watch the bytes of a spool that became dead letters because they are not what was written."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(damaged(), {"cause": "damaged"}), Observation(cut_off(), {"cause": "cut_off"})]

        self._meter.create_observable_counter(
            "gatelens.spool.damaged",
            callbacks=[observe],
            unit="By",
            description="Bytes of the spool that are not as they were written, and became dead letters.",
        )

    def observe_ledger(self, differences: Callable[[], int], reconciled_at: Callable[[], float]) -> None:
        """Watch whether the segment ledger balances, and when it was last compared."""
        self._gauge("gatelens.ledger.differences", "{segment}", "Segments that do not balance.", differences)
        self._gauge("gatelens.ledger.reconciled.timestamp", "s", "When the ledger was last compared.", reconciled_at)

    def observe_quarantine(self, segments: Callable[[], int]) -> None:
        """Watch how many segments are in quarantine."""
        self._gauge("gatelens.writer.quarantined", "{segment}", "Segments kept in quarantine.", segments)

    def _gauge(self, name: str, unit: str, description: str, read: Callable[[], float]) -> None:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(read())]

        self._meter.create_observable_gauge(name, callbacks=[observe], unit=unit, description=description)


class _Accepted:
    """What was accepted, counted here and observed now and then.

    An instrument takes 10 µs for each addition, most of them for looking at its attributes: of a small payload that
    would be a tenth of what it costs to receive.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._payloads: dict[tuple[str, str], int] = defaultdict(int)
        self._sizes: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, receiver: str, format_name: str, size: int) -> None:
        key = (receiver, format_name)
        with self._lock:
            self._payloads[key] += 1
            self._sizes[key] += size

    def payloads(self, _: CallbackOptions) -> Iterable[Observation]:
        return self._observations(self._payloads)

    def sizes(self, _: CallbackOptions) -> Iterable[Observation]:
        return self._observations(self._sizes)

    def _observations(self, totals: dict[tuple[str, str], int]) -> list[Observation]:
        with self._lock:
            return [
                Observation(total, {"receiver": receiver, "format": format_name})
                for (receiver, format_name), total in totals.items()
            ]
