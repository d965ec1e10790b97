"""What tables there are to answer from. A new one is an entry of TABLES."""

from dataclasses import dataclass, replace
from datetime import timedelta

from processors.query.columns import COLUMNS
from processors.rollups.coverage import ERRORS_BY_MINUTE
from processors.time.window import DAY, HOUR, MINUTE


@dataclass(frozen=True)
class Table:
    """A roll-up, or `requests` itself."""

    name: str
    # The view of it that counts each request once.
    view: str
    # Its column of the time, and how long a row of it is; requests have no length.
    time: str
    grain: timedelta
    # The columns of `requests` that it keeps apart.
    keeps: frozenset[str]
    # The names of COLUMNS that it holds.
    columns: frozenset[str]
    # About how many rows an hour of busy traffic makes: of tables that can answer, the one with the fewest does.
    rows_an_hour: float
    # If it lacks other requests: dimensions that each row has, and that a filter must require.
    only_present: frozenset[str] = frozenset()
    # Whether it is filled in the background, and holds only what it is known to cover.
    is_background: bool = False
    # Whether an order of it begins with toStartOfHour(time), or has it before the time.
    is_by_hour: bool = False
    # What `Covered` calls what it holds, where that is not by its name: some columns came later than others.
    covered_as: str = ""

    @property
    def is_requests(self) -> bool:
        return not self.grain

    def holds(self, column: str) -> bool:
        """Whether it has a column of COLUMNS, or those that it is derived from."""
        derived_from = COLUMNS[column].derived_from
        return column in self.columns or (bool(derived_from) and set(derived_from) <= self.keeps | self.columns)


_API_KEEPS = frozenset({"environment", "gateway_kind", "gateway", "reporter", "api", "api_version"})
_STATUSES = frozenset({"status_2xx", "status_3xx", "status_4xx", "status_5xx", "status_other"})
_FAULTS = frozenset({"fault_backend", "fault_policy", "fault_client", "fault_config"})
_BYTES = frozenset({"request_bytes", "response_bytes"})
_DURATIONS = frozenset({"duration_us", "duration_max_us", "latency"})
_UPSTREAM = frozenset({"upstream_requests", "upstream_duration_us", "upstream_us"})
_API_COLUMNS = frozenset({"requests"}) | _STATUSES | _FAULTS | _BYTES | _DURATIONS | _UPSTREAM

_POLICIES = frozenset({"policy_violations", "policy_errors"})
_ROUTE_COLUMNS = _API_COLUMNS | _POLICIES | {"error_latency"}
_STEP_COLUMNS = _ROUTE_COLUMNS | {"upstream_latency", "gateway_latency"}
_CONSUMER_COLUMNS = (
    {"requests", "fault_policy", "duration_us", "duration_max_us", "latency"} | _STATUSES | _POLICIES | _BYTES
)
_FAULT_KEEPS = _API_KEEPS | {"fault", "policy", "policy_outcome", "response_flags", "status", "upstream"}
_TEN_MINUTES = timedelta(minutes=10)
_EDGE_KEEPS = frozenset({"environment", "gateway_kind", "gateway", "instance", "reporter", "api", "upstream"})
_EDGE_COLUMNS = frozenset({"requests", "duration_us", "latency"}) | _STATUSES | _UPSTREAM

# Rows are of 600,000 requests an hour of 40 APIs in 3 gateways.
TABLES: tuple[Table, ...] = (
    Table("api_1d", "usage_1d", "time", DAY, _API_KEEPS, _STEP_COLUMNS, rows_an_hour=5, is_background=True),
    Table("api_1h", "usage_1h", "hour", HOUR, _API_KEEPS, _API_COLUMNS, rows_an_hour=120),
    Table(
        "api_1h", "usage_1h", "hour", HOUR, _API_KEEPS, _ROUTE_COLUMNS, rows_an_hour=120, covered_as=ERRORS_BY_MINUTE,
    ),
    Table(
        "api_10m", "usage_10m", "time", _TEN_MINUTES, _API_KEEPS, _STEP_COLUMNS, rows_an_hour=720, is_background=True,
    ),
    Table(
        "route_1h", "usage_route_1h", "time", HOUR, _API_KEEPS | {"route", "method"}, _ROUTE_COLUMNS,
        rows_an_hour=1_500, is_background=True,
    ),
    Table(
        "fault_10m", "usage_fault_10m", "time", _TEN_MINUTES, _FAULT_KEEPS, frozenset({"requests"}), rows_an_hour=3_000,
        only_present=frozenset({"fault", "policy"}), is_background=True,
    ),
    Table("api_1m", "usage_1m", "minute", MINUTE, _API_KEEPS, _API_COLUMNS, rows_an_hour=7_200, is_by_hour=True),
    Table(
        "api_1m", "usage_1m", "minute", MINUTE, _API_KEEPS, _ROUTE_COLUMNS, rows_an_hour=7_200, is_by_hour=True,
        covered_as=ERRORS_BY_MINUTE,
    ),
    Table(
        "edge_10m", "usage_edge_10m", "time", _TEN_MINUTES, _EDGE_KEEPS, _EDGE_COLUMNS, rows_an_hour=8_000,
        is_background=True,
    ),
    Table(
        "consumer_1d", "usage_consumer_1d", "time", DAY, _API_KEEPS | {"consumer"}, frozenset(_CONSUMER_COLUMNS),
        rows_an_hour=840, is_background=True,
    ),
    Table(
        "consumer_1h", "usage_consumer_1h", "time", HOUR, _API_KEEPS | {"consumer"}, frozenset(_CONSUMER_COLUMNS),
        rows_an_hour=20_000, is_background=True,
    ),
    Table(
        "requests",
        "usage_requests",
        "time",
        timedelta(),
        frozenset(
            {
                "environment", "gateway_kind", "gateway", "instance", "reporter", "api", "api_version", "route", "path",
                "method", "status", "response_flags", "fault", "policy", "policy_outcome", "consumer", "client_address",
                "user_agent", "upstream", "upstream_address", "protocol", "attributes",
            }
        ),
        frozenset(COLUMNS),
        rows_an_hour=600_000,
        is_by_hour=True,
    ),
)  # fmt: skip

# The finest roll-up, filled as requests are stored.
MINUTES = next(table for table in TABLES if table.name == "api_1m")

# What each gateway and sidecar handled: of a mesh both ends. For questions about instances, not about usage.
HANDLED: tuple[Table, ...] = tuple(
    replace(table, view=view)
    for table in TABLES
    for name, view in (("edge_10m", "handled_edge_10m"), ("requests", "requests"))
    if table.name == name
)
