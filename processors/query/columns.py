"""The columns that measures are worked out from: what roll-ups hold, and what single requests become.

A column of parts is put together by its `merge`, whatever tables the parts come from. A new one is an entry of COLUMNS.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column by which parts of an answer are put together."""

    name: str
    # Its value for a group of requests: an aggregate of rows of `usage_requests`, called `seen`.
    of_requests: str
    # The aggregate function, with the combinator -If, that puts parts together.
    merge: str = "sumIf"
    # Its value for a row of a roll-up that holds these columns instead of it.
    derived_from: tuple[str, ...] = ()
    derived: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its value for a group is a number, which can be put together again."""
        return self.merge in ("sumIf", "maxIf")


@dataclass(frozen=True)
class Histogram(Column):
    """An exponential histogram of microseconds or bytes: bucket -> requests."""

    # The value of one request, NULL where it is unknown, and which requests count.
    value: str = ""
    condition: str = "1"


def _count(name: str, condition: str, *columns: str) -> Column:
    derived = f"if({condition}, seen.requests, 0)"
    return Column(name, f"countIf({condition})", derived_from=("requests", *columns), derived=derived)


def _histogram(name: str, value: str, condition: str = "1") -> Histogram:
    return Histogram(name, "", "sumMapIf", value=value, condition=condition)


_IS_ERROR = "(seen.status < 200 OR seen.status > 499)"
_IS_TIMED = "(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL)"
_IS_KNOWN = "seen.consumer != ''"
# Of 63 bits, which any signed number holds.
_BY_CONSUMER = "map(bitShiftRight(cityHash64(toString(seen.consumer)), 1), toUInt64(1))"
# Of clocks that differ a little, the upstream's time may be the longer one.
_GATEWAY_US = "if(seen.upstream_us > seen.duration_us, 0, seen.duration_us - seen.upstream_us)"

_ALL: tuple[Column, ...] = (
    Column("requests", "count()"),
    _count("status_2xx", "seen.status BETWEEN 200 AND 299", "status"),
    _count("status_3xx", "seen.status BETWEEN 300 AND 399", "status"),
    _count("status_4xx", "seen.status BETWEEN 400 AND 499", "status"),
    _count("status_5xx", "seen.status BETWEEN 500 AND 599", "status"),
    _count("status_other", "(seen.status < 200 OR seen.status > 599)", "status"),
    _count("fault_backend", "seen.fault = 'backend'", "fault"),
    _count("fault_policy", "seen.fault = 'policy'", "fault"),
    _count("fault_client", "seen.fault = 'client'", "fault"),
    _count("fault_config", "seen.fault = 'config'", "fault"),
    _count("policy_violations", "seen.policy_outcome = 'violation'", "policy_outcome"),
    _count("policy_errors", "seen.policy_outcome = 'error'", "policy_outcome"),
    Column("request_bytes", "sum(seen.request_bytes)"),
    Column("response_bytes", "sum(seen.response_bytes)"),
    # Known durations: how many, their sum, and the longest.
    Column(
        "durations", "count(seen.duration_us)", derived_from=("latency",), derived="arraySum(mapValues(seen.latency))"
    ),
    Column("duration_us", "sum(ifNull(seen.duration_us, 0))"),
    Column("duration_max_us", "max(ifNull(seen.duration_us, 0))", "maxIf"),
    # Of requests with both times known: their number, their durations, and the upstream's part.
    Column("upstream_requests", f"countIf({_IS_TIMED})"),
    Column("upstream_duration_us", f"sum(if({_IS_TIMED}, ifNull(seen.duration_us, 0), 0))"),
    Column("upstream_us", f"sum(if({_IS_TIMED}, ifNull(seen.upstream_us, 0), 0))"),
    _histogram("latency", "seen.duration_us"),
    # The part of `latency` that is of errors.
    _histogram("error_latency", "seen.duration_us", _IS_ERROR),
    _histogram("upstream_latency", f"if({_IS_TIMED}, seen.upstream_us, NULL)"),
    _histogram("gateway_latency", f"if({_IS_TIMED}, {_GATEWAY_US}, NULL)"),
    # A size of 0 is counted with those of 1.
    _histogram("request_sizes", "seen.request_bytes"),
    _histogram("response_sizes", "seen.response_bytes"),
    # By consumer, as a number for each of them: for code that counts each once over many windows.
    Column("requests_by_consumer", f"sumMapIf({_BY_CONSUMER}, {_IS_KNOWN})", "sumMapIf"),
    Column("errors_by_consumer", f"sumMapIf({_BY_CONSUMER}, {_IS_KNOWN} AND {_IS_ERROR})", "sumMapIf"),
    # Who asked, each once; the gateway knows nobody by ''.
    Column(
        "consumers",
        f"groupUniqArrayIf(toString(seen.consumer), {_IS_KNOWN})",
        "uniqExactArrayIf",
        derived_from=("consumer",),
        derived="if(seen.consumer = '', [], [toString(seen.consumer)])",
    ),
    Column(
        "failed_consumers",
        f"groupUniqArrayIf(toString(seen.consumer), {_IS_KNOWN} AND {_IS_ERROR})",
        "uniqExactArrayIf",
        derived_from=("consumer", "status_5xx", "status_other"),
        derived="if(seen.consumer = '' OR seen.status_5xx + seen.status_other = 0, [], [toString(seen.consumer)])",
    ),
)

COLUMNS: Mapping[str, Column] = {column.name: column for column in _ALL}
