"""HAProxy's HTTP log."""

from pathlib import Path

from collector.formats.descriptor import Format, MixedBody, TextLine
from collector.formats.shared.clock import CLF_TIME, CLF_TIME_MARKER
from collector.formats.shared.layers import ACCESS, PAYLOAD_LINES, sql

_FOLDER = Path(__file__).parent

# Whose fault it was, by the session state.
STATE = sql(_FOLDER, "haproxy_state")

HAPROXY = Format(
    "haproxy",
    "HAProxy's HTTP log (option httplog), with or without a prefix of syslog; TCP connections become logs",
    (*STATE, *ACCESS, *sql(_FOLDER, "haproxy"), *PAYLOAD_LINES),
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:.* )?\S+:\d+ \["
        + CLF_TIME
        + r"\.\d{3}\] (?:\S+ \S+/\S+ (?:\S+ ){0,3}?[-+\d]+(?:/[-+\d]+){2,4} |[^\s/]+/[^\s/:]+: [A-Z])",
        contains="[",
        marker=CLF_TIME_MARKER,
        after_anything=True,
    ),
    mixed_body=MixedBody(marker=CLF_TIME_MARKER.encode()),
    reads_syslog=True,
    source_types=("haproxy",),
)
