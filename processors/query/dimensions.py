"""What traffic can be divided and filtered by. A new dimension is an entry of DIMENSIONS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from processors.errors import InvalidQuestion

_ATTRIBUTE = "attribute:"


@dataclass(frozen=True)
class Dimension:
    """One dimension. An attribute's `sql` has a place for the query parameter that its name goes in by."""

    name: str
    description: str
    # The columns of `requests` that it is read from; every table has the time.
    columns: tuple[str, ...]
    # Its value for a row of a table, which is called `seen`; {time} is the table's time.
    sql: str
    is_number: bool = False
    # The value of what lacks it; None where nothing does.
    absent: str | None = ""
    # Tables with longer steps than this cannot answer by it.
    longest_step: timedelta | None = None

    @property
    def attribute(self) -> str:
        """The attribute that it is; '' for any other dimension."""
        return self.name.removeprefix(_ATTRIBUTE) if self.name.startswith(_ATTRIBUTE) else ""


def _column(name: str, description: str, column: str = "") -> Dimension:
    return Dimension(name, description, (column or name,), f"seen.{column or name}")


_STATUS_CLASS = """multiIf(
    seen.status BETWEEN 200 AND 299, '2xx',
    seen.status BETWEEN 300 AND 399, '3xx',
    seen.status BETWEEN 400 AND 499, '4xx',
    seen.status BETWEEN 500 AND 599, '5xx',
    'other'
)"""

# The program before its version. Browsers name each other for the sake of old servers, the true one being the last that
# is looked for: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent
_USER_AGENT_FAMILY = """multiIf(
    seen.user_agent = '', '',
    match(seen.user_agent, '(?i)bot\\\\b|crawler|spider|slurp'), 'Bot',
    position(seen.user_agent, 'Edg') > 0, 'Edge',
    position(seen.user_agent, 'OPR/') > 0, 'Opera',
    position(seen.user_agent, 'Firefox/') > 0, 'Firefox',
    position(seen.user_agent, 'Chrome/') > 0, 'Chrome',
    position(seen.user_agent, 'Safari/') > 0, 'Safari',
    extract(toString(seen.user_agent), '^[^/ (;]+')
)"""

_ALL = (
    _column("environment", "Where the gateway runs, e.g. production"),
    _column("gateway_kind", "mule, flex, mesh, envoy or proxy"),
    _column("gateway", "The gateway, or the workload of a sidecar"),
    _column("instance", "One replica of the gateway: a pod, a host"),
    Dimension(
        "reporter",
        "Who reported the request: gateway; in a mesh source or destination",
        ("reporter",),
        # Roll-ups keep apart what never left its source.
        "if(seen.reporter = 'source_only', 'source', toString(seen.reporter))",
    ),
    _column("api", "The API; empty where the gateway knew no route"),
    _column("version", "The API's version, e.g. v2; empty when unversioned", "api_version"),
    Dimension(
        "route", "The template of the path, e.g. /orders/v1/items/{id}, by the name that was decided for it",
        ("api", "route"), "route_name(seen.api, seen.route)",
    ),
    _column("path", "The path without its query; as many values as clients think of"),
    _column("method", "e.g. GET"),
    Dimension("status", "The HTTP status; 0 where there was no answer", ("status",), "seen.status", True, "0"),
    Dimension("status_class", "2xx, 3xx, 4xx, 5xx or other", ("status",), _STATUS_CLASS),
    _column("response_flags", "Envoy's response flags, e.g. UF,URX"),
    _column("fault", "The cause of a failure by whose fault it is: backend, policy, client, config; empty for none"),
    _column("policy", "The policy that ended the request, e.g. rate-limit"),
    _column("outcome", "violation or error where a policy ended the request", "policy_outcome"),
    _column("consumer", "The client application; empty where the gateway knew none"),
    _column("client_address", "The client's address, without the port"),
    Dimension(
        "country", "The country of the client's address, e.g. NL, where a GeoIP file is given", ("client_address",),
        "country_of(seen.client_address)",
    ),
    Dimension(
        "user_agent_family", "The client's program, e.g. curl, okhttp, Chrome or Bot", ("user_agent",),
        _USER_AGENT_FAMILY,
    ),
    _column("upstream", "The service behind the gateway, e.g. an Envoy cluster"),
    _column("upstream_address", "Address and port of the host that was asked"),
    _column("protocol", "e.g. HTTP/2"),
    Dimension(
        "hour", "Hour of the day, 0 to 23, in UTC", (), "toHour({time}, 'UTC')", True, None, timedelta(hours=1)
    ),
    Dimension(
        "weekday", "Day of the week, 1 for Monday to 7, in UTC", (), "toDayOfWeek({time}, 0, 'UTC')", True, None,
        timedelta(days=1),
    ),
    Dimension(
        "date", "The day, in UTC, e.g. 2026-05-01", (), "toString(toDate({time}, 'UTC'))", False, None,
        timedelta(days=1),
    ),
    Dimension(
        "month", "The month, in UTC, e.g. 2026-05", (), "substring(toString(toDate({time}, 'UTC')), 1, 7)", False, None,
        timedelta(days=1),
    ),
)  # fmt: skip

DIMENSIONS: Mapping[str, Dimension] = {dimension.name: dimension for dimension in _ALL}


def dimension(name: str) -> Dimension:
    """The dimension of a name in DIMENSIONS, or of an attribute, `attribute:NAME`. Raises InvalidQuestion."""
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    attribute = name.removeprefix(_ATTRIBUTE)
    if not name.startswith(_ATTRIBUTE) or not attribute:
        raise InvalidQuestion(f"{name!r} is not a dimension; use any of {', '.join(DIMENSIONS)}, {_ATTRIBUTE}NAME.")
    return Dimension(name, f"The attribute {attribute}", ("attributes",), "seen.attributes[{attribute}]")
