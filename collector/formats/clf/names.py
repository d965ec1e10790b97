"""The names under which log formats tell the values of a request, each with the field that it is and its unit.

$request_time and $upstream_response_time are nginx's, and rt=, urt=, ut=, ua= and us= what its documentation has:
https://docs.nginx.com/nginx-amplify/metrics-metadata/nginx-metrics/#additional-http-metrics
The times of connecting (uct) and of the header (uht) are parts of urt, and not looked for.
"""

from collections.abc import Iterator

from collector.formats.shared.literal import literal

_UNITS = ("s", "sec", "seconds", "ms", "msec", "us", "usec", "ns")
# With a unit behind them, as in elapsed_ms, too.
_TIMES = {
    "request_time": ("request_time", "rt", "req_time", "request_duration"),
    "duration": ("duration", "elapsed", "took", "time_taken", "total_time", "latency"),
    "upstream_response_time": ("upstream_response_time", "urt", "ut", "upstream_time", "upstream_duration"),
    "response_time": ("response_time", "resp_time"),
}
_OTHERS = {
    "ua": "upstream_addr",
    "us": "upstream_status",
    "proxy_host": "upstream",
    "upstream_name": "upstream",
    "proxy_upstream_name": "upstream",
    "http_host": "host",
    "xff": "x_forwarded_for",
    "http_x_forwarded_for": "x_forwarded_for",
    "req_id": "request_id",
    "rid": "request_id",
    "x_request_id": "request_id",
    "x-request-id": "request_id",
    "kong_request_id": "request_id",
}


def _named() -> Iterator[tuple[str, str, str]]:
    yield from ((name, field, "") for name, field in _OTHERS.items())
    for field, names in _TIMES.items():
        for name in names:
            yield name, field, ""
            yield from ((f"{name}_{unit}", field, unit) for unit in _UNITS)
    for unit in _UNITS:
        yield f"upstream_{unit}", "upstream_response_time", unit
        yield f"time_{unit}", "duration", unit


def _listed(values: Iterator[str]) -> str:
    return f"[{', '.join(map(literal, values))}]"


# Lists of SQL, of the same length: names, and the field and the unit of each.
NAMES = {
    "names": _listed(name for name, _, _ in _named()),
    "fields": _listed(field for _, field, _ in _named()),
    "units": _listed(unit for _, _, unit in _named()),
}
