"""What can be measured. A new measure is an entry of MEASURES, over columns of `processors.query.columns`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from processors.errors import InvalidQuestion
from processors.query.columns import COLUMNS
from processors.query.sums import Distinct, Peak, Quantile, Ratio, Sums, Within


class Unit(StrEnum):
    """Of a value, as UCUM writes it where it has one."""

    COUNT = "{request}"
    CONSUMERS = "{consumer}"
    PER_SECOND = "{request}/s"
    # A share of 1, shown as per cent.
    SHARE = "1"
    MILLISECONDS = "ms"
    # From 0 to 1 without being a share of anything.
    SCORE = "{score}"
    BYTES = "By"
    # Requests by bucket.
    HISTOGRAM = "{bucket: request}"


@dataclass(frozen=True)
class Measure:
    """One measure. `sql` is over its columns, `seconds` that a row covers, and `satisfied_us`, the Apdex threshold."""

    name: str
    unit: Unit
    # What it is, as a heading.
    title: str
    description: str
    columns: tuple[str, ...]
    sql: str
    # Whether it is a whole number, which is always known.
    is_whole: bool = False
    # How to compute it from sums of its columns; None if that is impossible.
    sums: Sums | None = None

    @property
    def is_histogram(self) -> bool:
        """Whether it is a mapping, bucket -> requests, by which nothing is ordered."""
        return self.unit is Unit.HISTOGRAM

    @property
    def at_most_one(self) -> bool:
        """Whether a value above 1 is impossible."""
        return self.unit in (Unit.SHARE, Unit.SCORE)


def _count(name: str, title: str, description: str, *columns: str) -> Measure:
    return Measure(name, Unit.COUNT, title, description, columns, " + ".join(columns), True, Ratio(columns))


def _share(name: str, title: str, description: str, *columns: str) -> Measure:
    sql = f"({' + '.join(columns)}) / nullIf(requests, 0)"
    sums = Ratio(columns, over="requests")
    return Measure(name, Unit.SHARE, title, description, ("requests", *columns), sql, sums=sums)


def _percentiles(prefix: str, title: str, histogram: str, of: str, *levels: str) -> tuple[Measure, ...]:
    return tuple(
        _percentile(f"{prefix}p{level}", f"{title} p{_shown(level)}", histogram, of, level) for level in levels
    )


def _percentile(name: str, title: str, histogram: str, of: str, level: str) -> Measure:
    description = f"{of} within which {_shown(level)} % of the requests ended, to 1.1 %"
    share = float(f"0.{level}")
    sql = f"latency_percentile({histogram}, {share}) / 1000"
    sums = Quantile(histogram, share, divided_by=1000)
    return Measure(name, Unit.MILLISECONDS, title, description, (histogram,), sql, sums=sums)


def _sizes(name: str, title: str, histogram: str, of: str) -> tuple[Measure, ...]:
    return tuple(
        Measure(
            f"{name}_p{level}", Unit.BYTES, f"{title} p{level}",
            f"Size that {level} % of {of} do not exceed, to 1.1 %",
            (histogram,), f"latency_percentile({histogram}, 0.{level})", sums=Quantile(histogram, float(f"0.{level}")),
        )
        for level in ("50", "95", "99")
    )  # fmt: skip


def _shown(level: str) -> str:
    return level if len(level) == 2 else f"{level[:2]}.{level[2:]}"


_ERRORS = ("status_5xx", "status_other")
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
_FAULTS = ("backend", "policy", "client", "config")

_ALL: tuple[Measure, ...] = (
    _count("requests", "Requests", "How many requests", "requests"),
    Measure("rate", Unit.PER_SECOND, "Rate", "Requests per second of the time that has passed", ("requests",),
            "requests / seconds", sums=Ratio(("requests",), over="seconds")),
    _count("errors", "Errors", "Answered with 5xx, or with no HTTP status at all", *_ERRORS),
    _share("error_rate", "Error rate", "Share of the requests that are errors", *_ERRORS),
    _count("client_errors", "Client errors", "Answered with 4xx", "status_4xx"),
    _share("client_error_rate", "Client error rate", "Share of the requests answered with 4xx", "status_4xx"),
    _count("successes", "Successes", "Answered with 2xx or 3xx", "status_2xx", "status_3xx"),
    _share("success_rate", "Success rate", "Share answered with 2xx or 3xx", "status_2xx", "status_3xx"),
    *(_count(f"status_{name}", name, f"Answered with {name}", f"status_{name}") for name in _CLASSES),
    _count("status_other", "Other status", "1xx, no answer, and what is no HTTP status", "status_other"),
    *(_share(f"status_{name}_rate", f"{name} rate", f"Share of the requests answered with {name}", f"status_{name}")
      for name in _CLASSES),
    *(_count(f"fault_{name}", f"Failed by the {name}", f"Failed by the fault of the {name}", f"fault_{name}")
      for name in _FAULTS),
    *(_share(f"fault_{name}_rate", f"Failed by the {name}, share", f"Share that failed by the fault of the {name}",
             f"fault_{name}") for name in _FAULTS),
    _count("policy_violations", "Policy violations", "Requests that violated a policy", "policy_violations"),
    _share("policy_violation_rate", "Policy violations, share", "Share that violated a policy", "policy_violations"),
    _count("policy_errors", "Policy errors", "Requests ended by an error of a policy", "policy_errors"),
    *_percentiles("", "Latency", "latency", "Duration", "50", "75", "90", "95", "99", "999"),
    _count("timed", "Timed", "Requests whose duration is known", "durations"),
    Measure("satisfied", Unit.COUNT, "Satisfied", "Requests that took no longer than the threshold of Apdex",
            ("latency",), "latency_count_within(latency, satisfied_us)", is_whole=True,
            sums=Within((("latency", 1, 1),))),
    Measure("mean", Unit.MILLISECONDS, "Latency mean", "Mean of the known durations", ("duration_us", "durations"),
            "duration_us / nullIf(durations, 0) / 1000",
            sums=Ratio(("duration_us",), over="durations", divided_by=1000)),
    Measure("max", Unit.MILLISECONDS, "Latency maximum", "The longest known duration", ("duration_max_us", "durations"),
            "if(durations > 0, duration_max_us / 1000, NULL)",
            sums=Peak("duration_max_us", over="durations", divided_by=1000)),
    Measure("apdex", Unit.SCORE, "Apdex",
            "(satisfied + tolerating / 2) / all, of the requests whose duration is known; errors are frustrated",
            ("latency", "error_latency"),
            "if(empty(latency), NULL, (latency_count_within(latency, satisfied_us)"
            " + latency_count_within(latency, 4 * satisfied_us)"
            " - latency_count_within(error_latency, satisfied_us)"
            " - latency_count_within(error_latency, 4 * satisfied_us)) / 2 / arraySum(mapValues(latency)))",
            sums=Within((("latency", 1, 1), ("latency", 4, 1), ("error_latency", 1, -1), ("error_latency", 4, -1)),
                        divided_by=2, over="latency")),
    Measure("latency_histogram", Unit.HISTOGRAM, "Latency histogram",
            "Requests by their known duration: bucket i has those over 2^(i/32) to 2^((i+1)/32) µs",
            ("latency",), "latency"),
    Measure("upstream_mean", Unit.MILLISECONDS, "Upstream time mean",
            "Mean time spent on the upstream, where it is known",
            ("upstream_us", "upstream_requests"), "upstream_us / nullIf(upstream_requests, 0) / 1000",
            sums=Ratio(("upstream_us",), over="upstream_requests", divided_by=1000)),
    Measure("gateway_mean", Unit.MILLISECONDS, "Gateway time mean",
            "Mean time spent in the gateway, where the upstream's is known",
            ("upstream_us", "upstream_duration_us", "upstream_requests"),
            "(toInt64(upstream_duration_us) - toInt64(upstream_us)) / nullIf(upstream_requests, 0) / 1000",
            sums=Ratio(("upstream_duration_us",), ("upstream_us",), over="upstream_requests", divided_by=1000)),
    *_percentiles("upstream_", "Upstream time", "upstream_latency", "Time on the upstream", "50", "95", "99"),
    *_percentiles("gateway_", "Gateway time", "gateway_latency", "Time in the gateway", "50", "95", "99"),
    Measure("request_bytes", Unit.BYTES, "Bytes in", "Sum of the sizes of requests' bodies", ("request_bytes",),
            "request_bytes", is_whole=True, sums=Ratio(("request_bytes",))),
    Measure("response_bytes", Unit.BYTES, "Bytes out", "Sum of the sizes of responses' bodies", ("response_bytes",),
            "response_bytes", is_whole=True, sums=Ratio(("response_bytes",))),
    *_sizes("request_bytes", "Request size", "request_sizes", "requests' bodies"),
    *_sizes("response_bytes", "Response size", "response_sizes", "responses' bodies"),
    Measure("consumers", Unit.CONSUMERS, "Consumers", "Distinct client applications that the gateway knew",
            ("consumers",), "consumers", is_whole=True, sums=Distinct("requests_by_consumer")),
    Measure("failed_consumers", Unit.CONSUMERS, "Consumers with errors",
            "Distinct client applications that met an error",
            ("failed_consumers",), "failed_consumers", is_whole=True, sums=Distinct("errors_by_consumer")),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}

_SUM_OF = "sum_of_"
# The parts of other measures' `sums`, for code that sums by itself; hidden from people.
_SUMS = {
    f"{_SUM_OF}{name}": Measure(
        f"{_SUM_OF}{name}",
        Unit.HISTOGRAM if column.merge == "sumMapIf" else Unit.COUNT,
        name,
        "A column that can be put together",
        (name,),
        name,
        is_whole=column.merge != "sumMapIf",
    )
    for name, column in COLUMNS.items()
    if column.merge in ("sumIf", "sumMapIf", "maxIf")
}


def measure(name: str) -> Measure:
    """The measure of a name in MEASURES. Raises InvalidQuestion."""
    found = MEASURES.get(name) or _SUMS.get(name)
    if found is None:
        raise InvalidQuestion(f"{name!r} is no measure; use any of {', '.join(MEASURES)}.")
    return found


def sum_of(column: str) -> str:
    """The name of the measure that is a column of COLUMNS itself."""
    return f"{_SUM_OF}{column}"
