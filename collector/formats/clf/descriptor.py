"""The common log format and the combined one."""

from pathlib import Path

from collector.formats.descriptor import Format, MixedBody, TextLine
from collector.formats.shared.clock import CLF_TIME, CLF_TIME_MARKER
from collector.formats.shared.layers import ACCESS, ACCESS_LINES, sql

_FOLDER = Path(__file__).parent

_UP_TO_SIZE = r"^\S(?:[^\[]*|.*?) \[" + CLF_TIME + r' [-+]\d{4}\] "[^"\\]*(?:\\.[^"\\]*)*" \d{3} (?:\d+|-)'

_MIXED_BODY = MixedBody(marker=CLF_TIME_MARKER.encode())

COMBINED = Format(
    "combined",
    "nginx's and Apache's combined access log, and what is often added to it",
    (*ACCESS, *sql(_FOLDER, "combined", "combined_tail", "combined_quoted"), *ACCESS_LINES),
    becomes=("requests", "logs"),
    line=TextLine(_UP_TO_SIZE + ' "', contains="[", marker=CLF_TIME_MARKER, after_anything=True),
    mixed_body=_MIXED_BODY,
    source_types=("access_combined", "access_combined_wcookie"),
)

COMMON = Format(
    "common",
    "the common access log, without referer and user agent",
    (*ACCESS, *sql(_FOLDER, "combined", "combined_tail", "common_quoted"), *ACCESS_LINES),
    becomes=("requests", "logs"),
    line=TextLine(_UP_TO_SIZE + r'(?: (?!")|\s*$)', contains="[", marker=CLF_TIME_MARKER, after_anything=True),
    mixed_body=_MIXED_BODY,
    source_types=("access_common",),
)
