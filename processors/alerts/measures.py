"""What a rule can watch. Each measure is a column of evaluate.sql; a new one is a line in both."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How a value is shown."""

    COUNT = ""
    PER_SECOND = "/s"
    # A share of 1, shown as per cent.
    SHARE = "%"
    MILLISECONDS = "ms"
    # From 0 to 1 without being a share of anything.
    SCORE = "score"


@dataclass(frozen=True)
class Measure:
    """One measure; `title` says what it is over the window of a rule."""

    name: str
    unit: Unit
    title: str

    @property
    def at_most_one(self) -> bool:
        """Whether a value above 1 is impossible."""
        return self.unit in (Unit.SHARE, Unit.SCORE)

    def show(self, value: float) -> str:
        """A value as people read it, e.g. '5.32 %'."""
        if self.unit is Unit.SHARE:
            return f"{value * 100:.4g} %"
        if self.unit is Unit.PER_SECOND:
            return f"{value:.4g}/s"
        if self.unit is Unit.MILLISECONDS:
            return f"{value:.4g} ms" if value < 10_000 else f"{value:.0f} ms"
        return f"{value:.0f}" if self.unit is Unit.COUNT else f"{value:.4g}"


_ALL = (
    Measure("requests", Unit.COUNT, "Requests"),
    Measure("request_rate", Unit.PER_SECOND, "Requests per second"),
    Measure("errors", Unit.COUNT, "Requests answered with 5xx, or with no HTTP status at all"),
    Measure("error_rate", Unit.SHARE, "Share of the requests that are errors"),
    Measure("client_errors", Unit.COUNT, "Requests answered with 4xx"),
    Measure("client_error_rate", Unit.SHARE, "Share of the requests answered with 4xx"),
    Measure("p50_ms", Unit.MILLISECONDS, "Duration within which half of the requests ended"),
    Measure("p95_ms", Unit.MILLISECONDS, "Duration within which 95 % of the requests ended"),
    Measure("p99_ms", Unit.MILLISECONDS, "Duration within which 99 % of the requests ended"),
    Measure("apdex", Unit.SCORE, "Apdex with the rule's apdex_threshold_ms"),
    Measure("fault_backend_rate", Unit.SHARE, "Share of the requests that failed by the backend's fault"),
    Measure("fault_policy_rate", Unit.SHARE, "Share of the requests that a policy ended"),
    Measure("gateway_ms", Unit.MILLISECONDS, "Mean time spent in the gateway, where the upstream's is known"),
)

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}
