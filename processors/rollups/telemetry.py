"""The metrics of filling rollups, as OpenTelemetry instruments."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation


class RollupMetrics:
    """The instruments of rollups, made once for a meter."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._requests = meter.create_counter(
            "gatelens.rollups.requests", unit="{request}", description="Requests that rollups were made of."
        )
        self._seconds = meter.create_counter(
            "gatelens.rollups.duration", unit="s", description="Time spent on making rollups."
        )

    def built(self, rollup: str, requests: int, seconds: float) -> None:
        self._requests.add(requests, {"rollup": rollup})
        self._seconds.add(seconds, {"rollup": rollup})

    def observe_waiting(self, waiting: Callable[[], Mapping[str, int]]) -> None:
        """Watch how many windows of each rollup are to be made."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(count, {"rollup": rollup}) for rollup, count in waiting().items()]

        self._meter.create_observable_gauge(
            "gatelens.rollups.waiting",
            callbacks=[observe],
            unit="{window}",
            description="Hours and days of rollups that have passed and are not made yet.",
        )
