"""Two sides of a comparison, each a part of the traffic in a time, and what differs between them for certain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from processors.comparison.intervals import Interval, difference_interval, percentile_interval, share_interval
from processors.comparison.usage import Usage, usage
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.time.window import Window
from storage.store import Store

PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))
_MEASURES = (
    "requests", "errors", "client_errors", "mean", "p50", "p90", "p95", "p99",
    "gateway_mean", "upstream_mean", "latency_histogram",
)  # fmt: skip
_MOST_ROUTES = 1_000


@dataclass(frozen=True)
class Side:
    """A part of the traffic."""

    name: str
    window: Window
    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class Prices:
    """What things cost, in any one currency."""

    per_core_hour: float = 0.0
    per_gib_hour: float = 0.0
    per_million_requests: float = 0.0


@dataclass(frozen=True)
class Figures:
    """What is known of a side. Durations in milliseconds, None where nothing is known."""

    side: Side
    requests: int
    errors: int
    client_errors: int
    # `mean`, PERCENTILES, `gateway_mean` (the gateway's own time) and `upstream_mean`.
    durations: Mapping[str, float | None]
    # Requests by bucket of their duration.
    histogram: Mapping[int, int]
    # Requests by route and method.
    routes: Mapping[tuple[str, str], int]
    usage: Usage | None

    @property
    def error_rate(self) -> float | None:
        return self.errors / self.requests if self.requests else None

    @property
    def error_interval(self) -> Interval | None:
        return share_interval(self.errors, self.requests) if self.requests else None

    def percentile_interval(self, name: str) -> Interval | None:
        """Of one of PERCENTILES."""
        return percentile_interval(self.histogram, dict(PERCENTILES)[name])

    def cost_of_a_million(self, prices: Prices) -> float | None:
        """What a million requests cost; None where nothing has a price, or what has one is not known."""
        if not prices.per_core_hour and not prices.per_gib_hour:
            return prices.per_million_requests or None
        if self.usage is None:
            return None
        hours = self.usage.cpu_seconds_per_1000 * 1000 / 3600
        gib_hours = self.usage.gib_seconds_per_1000 * 1000 / 3600
        return hours * prices.per_core_hour + gib_hours * prices.per_gib_hour + prices.per_million_requests


@dataclass(frozen=True)
class Comparison:
    """Two sides; differences are the second less the first."""

    first: Figures
    second: Figures

    @property
    def error_difference(self) -> Interval | None:
        """Of the error rates; it leaves 0 out where the sides differ for certain."""
        if not self.first.requests or not self.second.requests:
            return None
        return difference_interval((self.first.errors, self.first.requests), (self.second.errors, self.second.requests))

    def differs(self, percentile: str) -> bool:
        """Whether a percentile differs for certain: the intervals of the sides have nothing in common."""
        first, second = (side.percentile_interval(percentile) for side in (self.first, self.second))
        return first is not None and second is not None and first.is_apart_from(second)

    @property
    def other_routes(self) -> float:
        """The share of requests that the sides would have to exchange to have the same routes and methods."""
        if not self.first.requests or not self.second.requests:
            return 0.0
        names = self.first.routes.keys() | self.second.routes.keys()
        shares = (
            abs(
                self.first.routes.get(name, 0) / self.first.requests
                - self.second.routes.get(name, 0) / self.second.requests
            )
            for name in names
        )
        return sum(shares) / 2


def compare(store: Store, questions: Questions, handled: Questions, first: Side, second: Side) -> Comparison:
    """What is known of both sides; `handled` answers from HANDLED. Raises InvalidQuestion and StoreError."""
    asked = [question for side in (first, second) for question in _questions(side)]
    of_first, routes_of_first, of_second, routes_of_second = (answer.frame for answer in questions.ask_all(asked))
    return Comparison(
        _figures(store, questions, handled, first, of_first, routes_of_first),
        _figures(store, questions, handled, second, of_second, routes_of_second),
    )


def _questions(side: Side) -> Sequence[Question]:
    return (
        Question(_MEASURES, side.window, filters=side.filters),
        Question(("requests",), side.window, ("route", "method"), side.filters, limit=_MOST_ROUTES),
    )


def _figures(
    store: Store, questions: Questions, handled: Questions, side: Side, whole: pd.DataFrame, routes: pd.DataFrame
) -> Figures:
    row = whole.iloc[0]
    durations = ("mean", *(name for name, _ in PERCENTILES), "gateway_mean", "upstream_mean")
    return Figures(
        side,
        int(row["requests"]),
        int(row["errors"]),
        int(row["client_errors"]),
        {name: None if pd.isna(row[name]) else float(row[name]) for name in durations},
        {int(bucket): int(count) for bucket, count in row["latency_histogram"].items()},
        {
            (str(route), str(method)): int(requests)
            for route, method, requests in routes[["route", "method", "requests"]].itertuples(index=False)
        },
        usage(store, questions, handled, side.window, side.filters) if row["requests"] else None,
    )
