"""Which format a text is in, from its first line."""

import json
import re

_ENVOY_TEXT = re.compile(rb'^\[\d{4}-\d\d-\d\dT[^\]]+\] "')
_ENVOY_JSON_NAMES = frozenset({"start_time", "response_code", "upstream_cluster", "response_flags", "method", "path"})


def detect(head: bytes) -> str | None:
    """The name of the format, or None where it is not one that we know."""
    line = next((line for line in head.splitlines() if line.strip()), b"").strip()
    if _ENVOY_TEXT.match(line):
        return "envoy_text"
    if line.startswith(b"{"):
        try:
            record = json.loads(line)
        except ValueError:
            return None
        return "envoy_json" if len(_ENVOY_JSON_NAMES & record.keys()) >= 3 else None
    return None
