"""Which table answers a question about traffic: the narrowest that knows its dimensions and its window exactly."""

from collections.abc import Collection
from datetime import datetime, timedelta

from processors.window import HOUR, Window, ceil, floor

# What the roll-ups keep apart; any other dimension needs the requests themselves.
ROLLUP_DIMENSIONS = frozenset({"environment", "gateway_kind", "gateway", "api", "api_version"})

# Merging a latency histogram for each minute is worth it up to here: 24 h x 40 APIs x 3 gateways is 170 k of them.
_MINUTES_UP_TO = timedelta(hours=24)

# The columns of the roll-ups for single requests, so that one statement can read either.
_SINGLE_REQUESTS = """
    toUInt64(1) AS requests,
    toUInt64(status BETWEEN 200 AND 299) AS status_2xx,
    toUInt64(status BETWEEN 300 AND 399) AS status_3xx,
    toUInt64(status BETWEEN 400 AND 499) AS status_4xx,
    toUInt64(status BETWEEN 500 AND 599) AS status_5xx,
    toUInt64(status < 200 OR status > 599) AS status_other,
    toUInt64(fault = 'backend') AS fault_backend,
    toUInt64(fault = 'policy') AS fault_policy,
    toUInt64(fault = 'client') AS fault_client,
    toUInt64(fault = 'config') AS fault_config,
    request_bytes,
    response_bytes,
    seen.duration_us,
    seen.duration_us AS duration_max_us,
    toUInt64(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL) AS upstream_requests,
    if(seen.upstream_us IS NULL, 0, ifNull(seen.duration_us, 0)) AS upstream_duration_us,
    if(seen.duration_us IS NULL, 0, ifNull(seen.upstream_us, 0)) AS upstream_us,
    if(
        seen.duration_us IS NULL,
        CAST(map(), 'Map(Int16, UInt64)'),
        map(latency_bucket(seen.duration_us), toUInt64(1))
    ) AS latency
"""


def usage_source(window: Window, dimensions: Collection[str]) -> str:
    """A FROM expression with `time`, the dimensions, and the measures of api_1m, each request counted once.

    Exact to the minute: of a long window, whole hours come from usage_1h and the edges from usage_1m. `dimensions` are
    the columns that the question groups or filters by; they must be columns of `requests`, never text from outside.
    """
    extra = sorted(set(dimensions) - ROLLUP_DIMENSIONS)
    if extra:
        columns = ", ".join((*sorted(ROLLUP_DIMENSIONS), *extra))
        return (
            f"(SELECT time, {columns}, {_SINGLE_REQUESTS} FROM usage_requests AS seen"
            f" WHERE {_between('seen.time', window.start, window.end)}"
            # The order key holds the hour, and ClickHouse does not work it out from the time.
            f" AND toStartOfHour(seen.time) BETWEEN {_moment(floor(window.start, HOUR))} AND {_moment(window.end)})"
        )
    first, last = ceil(window.start, HOUR), floor(window.end, HOUR)
    if window.length <= _MINUTES_UP_TO or last <= first:
        return f"({_minutes(window.start, window.end)})"
    parts = [f"SELECT hour AS time, * EXCEPT (hour) FROM usage_1h WHERE {_between('hour', first, last)}"]
    if window.start < first:
        parts.append(_minutes(window.start, first))
    if last < window.end:
        parts.append(_minutes(last, window.end))
    return f"({' UNION ALL '.join(parts)})"


def _minutes(start: datetime, end: datetime) -> str:
    return f"SELECT minute AS time, * EXCEPT (minute) FROM usage_1m WHERE {_between('minute', start, end)}"


def _between(column: str, start: datetime, end: datetime) -> str:
    return f"{column} >= {_moment(start)} AND {column} < {_moment(end)}"


def _moment(moment: datetime) -> str:
    return f"toDateTime({int(moment.timestamp())}, 'UTC')"
