"""The common log format and the combined one."""

from collections.abc import Mapping
from pathlib import Path

from collector.formats.descriptor import Format, MixedBody, TextLine
from collector.formats.shared.clock import CLF_TIME
from collector.formats.shared.layers import ACCESS, ACCESS_LINES, sql
from collector.formats.shared.other_lines import NGINX_OR_APACHE_MESSAGE

_FOLDER = Path(__file__).parent

# nginx has [$time_iso8601] too; at the beginning of a line it is Envoy's.
_TIME = CLF_TIME + r"(?:\.\d+)?(?: [-+]\d{4})?"
_ISO_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+.:Z\d]*"
_MARKER = r"\[(?:\d\d/[A-Z][a-z]{2}/\d{4}:|\d{4}-\d\d-\d\dT)"
# A log_format may put values before the request and before the referer, and more than one space between values.
_UP_TO_SIZE = (
    rf"^(?:\[{_TIME}|\S.*?[\s\]]\[(?:{_TIME}|{_ISO_TIME}))\]\s"
    r'(?:[^"]*\s)?(?:"[^"\s]*"\s+)?"[^"\\]*(?:\\.[^"\\]*)*"\s+(?:\d{3}|-)\s+(?:\d+|-)'
)
_MIXED_BODY = MixedBody(marker=_MARKER.encode())
_LAYERS = (*ACCESS, *sql(_FOLDER, "combined", "combined_times", "combined_tail", "clf_lines"), *ACCESS_LINES)
# Whether referer and user agent may be missing. In a combined log such a line is cut off, and its size may be too.
_COMBINED_FRAGMENTS = {"doubt": "doubt", "optional": ""}
_COMMON_FRAGMENTS = {"doubt": "doubt", "optional": "?"}

_PLAIN_LAYERS = (*ACCESS, *sql(_FOLDER, "combined", "plain"), *ACCESS_LINES)


def _fast_path(name: str, fragments: Mapping[str, str]) -> Format:
    """For lines to which nothing is added: most of what the whole statement does is looking for that."""
    return Format(name, "the same with nothing added", _PLAIN_LAYERS, becomes=("requests", "logs"), fragments=fragments)


COMBINED = Format(
    "combined",
    "nginx's and Apache's combined access log, and what is often added to it",
    _LAYERS,
    becomes=("requests", "logs"),
    fragments=_COMBINED_FRAGMENTS,
    line=TextLine(_UP_TO_SIZE + r'(?:\s[^"]*?)?\s(?:-\s+)?"', contains="[", marker=_MARKER, after_anything=True),
    mixed_body=_MIXED_BODY,
    message=NGINX_OR_APACHE_MESSAGE,
    source_types=("access_combined", "access_combined_wcookie"),
    fast_path=_fast_path("combined", _COMBINED_FRAGMENTS),
)

COMMON = Format(
    "common",
    "the common access log, without referer and user agent",
    _LAYERS,
    becomes=("requests", "logs"),
    fragments=_COMMON_FRAGMENTS,
    line=TextLine(_UP_TO_SIZE + r"(?:\s|$)", contains="[", marker=_MARKER, after_anything=True),
    mixed_body=_MIXED_BODY,
    source_types=("access_common",),
    fast_path=_fast_path("common", _COMMON_FRAGMENTS),
)
