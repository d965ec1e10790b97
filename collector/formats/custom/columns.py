"""The columns of an access log from the values of a line, in SQL.

The values are columns `value_<field>` of text; where a line has none, '' or '-' stands there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from collector.formats.custom.reading import (
    DOUBTFUL_DURATION,
    DOUBTFUL_UPSTREAM_DURATION,
    DURATION_PART,
    FRONTEND,
    TERMINATION_STATE,
    UPSTREAM_PART,
    Reading,
)
from collector.formats.custom.times import listed, microseconds, microseconds_with_unit, moment
from collector.formats.shared.literal import literal
from collector.formats.shared.rules import with_rules

# How many times of a line are each tried.
_MOST_TIMES = 2
_VERSION_IN_PATH = with_rules("{{version_in_path(cutQueryStringAndFragment(url))}}")


@dataclass(frozen=True)
class Labels:
    """What a definition says of every line of its log."""

    gateway_kind: str
    gateway: str
    environment: str


@dataclass(frozen=True)
class Absence:
    """SQL for lines that are not of the format, and whether they are the program's own log."""

    is_other: str
    is_message: str = ""

    @property
    def is_log(self) -> str:
        return f"{self.is_other} AND {self.is_message}" if self.is_message else ""


def value(field: str, number: int = 0) -> str:
    """The name of the column that holds a value as text."""
    return f"value_{field}" if number == 0 else f"value_{field}_{number}"


class Columns:
    """The columns that the layers of access logs read.

    `readings` are those of each field, in the order in which they are tried.
    """

    def __init__(self, name: str, readings: Mapping[str, list[Reading]], labels: Labels, absence: Absence) -> None:
        self._name = name
        self._readings = readings
        self._labels = labels
        self._absence = absence

    def select(self, attributes: str) -> dict[str, str]:
        """SQL by the name of the column; `attributes` is the map of everything else that is kept."""
        return {
            "received_at": "received_at",
            "environment": self._label("environment", "payload_environment", self._labels.environment),
            "named_gateway": self._label("gateway", "payload_gateway", self._labels.gateway),
            "node_id": self._text("instance"),
            # What a proxy calls itself: HAProxy its frontend.
            "node_cluster": self._frontend(),
            "peer": "peer",
            "default_kind": self._kind(),
            "record": "record",
            "problem": self._problem(),
            "is_log": "other != '' OR ifNull(code, 0) = 0 AND method IN ('', '-') AND url IN ('', '-')",
            "time_text": self._time_text(),
            "started": self._started(),
            "code": self._code(),
            "took_us": self._sum(DURATION_PART, "duration", DOUBTFUL_DURATION),
            "upstream_took_us": self._sum(UPSTREAM_PART, "upstream_duration", DOUBTFUL_UPSTREAM_DURATION),
            "method": self._method(),
            "url": self._url(),
            "protocol": self._protocol(),
            "authority": self._authority(),
            "flags": self._flags(),
            "details": self._text("response_code_details"),
            "termination_details": "''",
            "failure_reason": self._text("failure_reason"),
            "request_bytes": self._bytes("request_bytes"),
            "response_bytes": self._bytes("response_bytes"),
            "forwarded_for": self._text("forwarded_for"),
            "downstream_address": self._text("client_address"),
            "user_agent": self._text("user_agent"),
            "request_id": self._text("request_id"),
            "trace_id": self._trace("trace_id", 2),
            "span_id": self._trace("span_id", 3),
            "severity_of_log": self._severity(),
            "log_attributes": attributes,
            "upstream_host": self._upstream_host(),
            "upstream_cluster": self._upstream(),
            "route_name": self._text("route_name"),
            "requested_server_name": self._text("server_name"),
            "grpc_status": self._text("grpc_status"),
            "consumer": self._text("consumer"),
            "named_api": self._text("api"),
            "named_api_version": self._version(),
            "named_route": self._text("route"),
            "duration_doubt": self._doubt(),
        }

    def _values(self, field: str) -> list[tuple[str, Reading]]:
        return [(value(field, number), reading) for number, reading in enumerate(self._readings.get(field, ()))]

    def _text(self, field: str) -> str:
        """The first value of a field that says something."""
        names = [name for name, _ in self._values(field)]
        if not names:
            return "''"
        *others, last = names
        tried = "".join(f"{name} NOT IN ('', '-'), {name}, " for name in others)
        return f"multiIf({tried}{last})" if others else last

    def _label(self, field: str, of_payload: str, of_definition: str) -> str:
        own = self._text(field)
        given = f"{own} NOT IN ('', '-'), {own}, " if own != "''" else ""
        if not given and not of_definition:
            return of_payload
        return f"multiIf({given}{of_payload} != '', {of_payload}, {literal(of_definition)})"

    def _problem(self) -> str:
        is_log = f"other != '' OR {self._absence.is_log}" if self._absence.is_log else "other != ''"
        checks = [(is_log, ""), (self._absence.is_other, f"not a line of the format {self._name}")]
        if self._values("time"):
            checks.append((f"started IS NULL AND {self._says('time')}", f"{self._name}: the time is not a time"))
        if self._values("status"):
            checks.append((f"code IS NULL AND {self._says('status')}", f"{self._name}: the status is not a number"))
        if self._values("duration") and not any(reading.needs_fraction for _, reading in self._values("duration")):
            checks.append(
                (f"took_us IS NULL AND {self._says('duration')}", f"{self._name}: the duration is not a number")
            )
        return "multiIf(" + ", ".join(f"{test}, {literal(reason)}" for test, reason in checks) + ", '')"

    def _says(self, field: str) -> str:
        return f"{self._text(field)} NOT IN ('', '-', '-1', 'null')"

    def _severity(self) -> str:
        if not self._absence.is_message:
            return "if(other = '', 'INFO', other_severity)"
        return (
            "multiIf(other != '', other_severity, position(record, ' no server available') > 0, 'ERROR', "
            "position(record, ' is DOWN') > 0, 'WARN', 'INFO')"
        )

    def _started(self) -> str:
        tried = ["other_time"]
        values = self._values("time")
        if len(values) > _MOST_TIMES and all(
            reading == replace(values[0][1], rank=reading.rank) for _, reading in values
        ):
            # The first that is as long as a time has to be: each that is tried costs.
            tried.append(moment("time_text", values[0][1].unit))
            values = []
        for name, reading in values:
            when = moment(name, reading.unit)
            if reading.is_end:
                when = f"{when} - toIntervalMicrosecond(ifNull(took_us, 0))"
            tried.append(when)
        return f"coalesce({', '.join(tried)})" if len(tried) > 1 else "other_time"

    def _time_text(self) -> str:
        names = [name for name, _ in self._values("time")]
        long_enough = "text -> length(text) >= 10 AND substring(text, 3, 1) != ':'"
        return f"arrayFirst({long_enough}, [{', '.join(names)}])" if len(names) > _MOST_TIMES else "''"

    def _code(self) -> str:
        if not self._values("status"):
            return "CAST(NULL, 'Nullable(UInt16)')"
        name = self._text("status")
        # HAProxy and some others say -1 where there was no answer, and Traefik a dash.
        return f"toUInt16OrNull(if({name} IN ('-1', '-'), '0', {name}))"

    def _sum(self, parts: str, field: str, doubtful: str) -> str:
        """The sum of a duration's parts, all of which must be known; otherwise its single value."""
        found = [microseconds(name, reading) for name, reading in self._values(parts)]
        if found:
            return " + ".join(found)
        found = [microseconds(name, reading) for name, reading in self._values(field)]
        found += [microseconds_with_unit(name) for name, _ in self._values(doubtful)]
        if not found:
            return "CAST(NULL, 'Nullable(UInt64)')"
        return f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]

    def _doubt(self) -> str:
        """A request's doubt: a duration without a unit."""
        tests = [
            f"{column} IS NULL AND match({self._text(field)}, '[0-9]')"
            for field, column in ((DOUBTFUL_DURATION, "took_us"), (DOUBTFUL_UPSTREAM_DURATION, "upstream_took_us"))
            if self._values(field)
        ]
        return f"if({' OR '.join(tests)}, 'duration_without_unit', '')" if tests else "''"

    def _kind(self) -> str:
        given, kind = self._text("gateway_kind"), literal(self._labels.gateway_kind)
        return kind if given == "''" else f"if({given} IN ('', '-'), {kind}, {given})"

    def _method(self) -> str:
        return self._or_asked("method", "if(is_http, asked[1], '')")

    def _protocol(self) -> str:
        return self._or_asked("protocol", "if(has_protocol, asked[length(asked)], '')")

    def _url(self) -> str:
        target = self._text("url")
        if self._values("request"):
            # What was asked for, before any rewriting.
            target = "target" if target == "''" else f"if(target != '', target, {target})"
        if target == "''":
            return target
        # A server name (CONNECT) and * (OPTIONS) are no paths.
        of_address = f"extract({target}, '(?s)^ *(?i:[a-z]+://[^/?#]*)?(/.*)')"
        return f"if(startsWith({target}, '/'), {target}, {of_address})"

    def _authority(self) -> str:
        return self._or_asked(
            "authority", "if(position(target, '://') > 0, extract(target, '^[a-zA-Z]+://([^/?#]*)'), '')"
        )

    def _or_asked(self, field: str, asked: str) -> str:
        """A field, or else what the request line says, in SQL over its parts."""
        named = self._text(field)
        if not self._values("request"):
            return named
        return asked if named == "''" else f"if({named} NOT IN ('', '-'), {named}, {asked})"

    def _flags(self) -> str:
        if self._values(TERMINATION_STATE):
            state = value(TERMINATION_STATE)
            # L: answered by the proxy itself, as configured.
            return f"if(match({state}, '^(?:--|L)'), '', substring({state}, 1, 2))"
        return self._text("response_flags")

    def _bytes(self, field: str) -> str:
        name = self._text(field)
        return "toUInt64(0)" if name == "''" else f"toUInt64OrZero(trimLeft({name}, '+'))"

    def _trace(self, field: str, part: int) -> str:
        named = self._text(field)
        if not self._values("traceparent"):
            return named
        parent = f"splitByChar('-', {self._text('traceparent')})[{part}]"
        return parent if named == "''" else f"if({named} NOT IN ('', '-'), {named}, {parent})"

    def _upstream_host(self) -> str:
        """The address of the upstream that answered: the last one with a status, or else the last one."""
        address = self._text("upstream_address")
        lists = [name for name, reading in self._values("upstream_address") if reading.is_list]
        if not lists:
            return f"if(startsWith({address}, '<'), '', {address})" if address != "''" else address
        addresses = listed(address)
        answers = [name for name, reading in self._values("upstream_status") if reading.is_list]
        last = f"arrayLast(value -> value != '-', {addresses})"
        if answers:
            number = f"arrayLastIndex(value -> value NOT IN ('', '-'), {listed(self._text('upstream_status'))})"
            last = f"if({number} > 0, {addresses}[{number}], {last})"
        return f"if(position({address}, ' ') = 0, {address}, {last})"

    def _upstream(self) -> str:
        upstream = self._text("upstream")
        if not self._values(FRONTEND) or upstream == "''":
            return upstream
        # Where HAProxy chose no backend, the frontend stands for it.
        return f"if({self._text('upstream_address')} = '<NOSRV>' AND {upstream} = {self._frontend()}, '', {upstream})"

    def _frontend(self) -> str:
        # A tilde says that TLS was spoken.
        return f"trimRight({value('frontend')}, '~')" if self._values(FRONTEND) else "''"

    def _version(self) -> str:
        named = self._text("api_version")
        of_path = _VERSION_IN_PATH
        cluster = self._upstream()
        if cluster != "''":
            of_path = f"if(match({cluster}, '[-_.]v[0-9]+$'), '', {of_path})"
        else:
            of_path = f"if(code = 404, '', {of_path})"
        return of_path if named == "''" else f"if({named} NOT IN ('', '-'), {named}, {of_path})"
