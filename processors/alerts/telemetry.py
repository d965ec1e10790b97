"""The metrics of alerting, as OpenTelemetry instruments."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation


class AlertMetrics:
    """The instruments of alerting, made once for a meter."""

    def __init__(self, meter: Meter) -> None:
        self._evaluations = meter.create_counter(
            "gatelens.alerts.evaluations",
            unit="{evaluation}",
            description="Evaluations of rules, by outcome.",
        )
        self._duration = meter.create_histogram(
            "gatelens.alerts.evaluation.duration",
            unit="s",
            description="Time to evaluate all rules once.",
            explicit_bucket_boundaries_advisory=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        )
        self._notifications = meter.create_counter(
            "gatelens.alerts.notifications", unit="{call}", description="Calls of receivers, by outcome."
        )
        self._meter = meter

    def evaluated(self, rule: str, outcome: str) -> None:
        """`outcome` is 'evaluated' or 'failed'."""
        self._evaluations.add(1, {"rule": rule, "outcome": outcome})

    def round_took(self, seconds: float) -> None:
        """All rules were evaluated once."""
        self._duration.record(seconds)

    def notified(self, receiver: str, channel: str, outcome: str) -> None:
        """`outcome` is 'delivered', 'failed' (no answer, or 429 or 5xx) or 'refused' (any other answer)."""
        self._notifications.add(1, {"receiver": receiver, "channel": channel, "outcome": outcome})

    def observe_firing(self, firing: Callable[[], Mapping[str, int]]) -> None:
        """Watch how many alerts of each rule fire."""
        self._gauge("gatelens.alerts.firing", "{alert}", "Alerts that fire now.", firing)

    def observe_leading(self, leads: Callable[[], bool]) -> None:
        """Watch whether this process evaluates and notifies."""

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(int(leads()))]

        self._meter.create_observable_gauge(
            "gatelens.alerts.leader",
            callbacks=[observe],
            unit="{leader}",
            description="1 in the process that evaluates rules and notifies receivers, 0 in others on its database.",
        )

    def observe_beyond_limit(self, beyond: Callable[[], Mapping[str, int]]) -> None:
        """Watch how many groups of requests meet each rule beyond its limit."""
        self._gauge("gatelens.alerts.beyond_limit", "{group}", "Groups that meet a rule beyond its limit.", beyond)

    def _gauge(self, name: str, unit: str, description: str, read: Callable[[], Mapping[str, int]]) -> None:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(count, {"rule": rule}) for rule, count in read().items()]

        self._meter.create_observable_gauge(name, callbacks=[observe], unit=unit, description=description)
