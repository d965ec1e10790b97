"""A log_format that writes JSON: variables as the values of an object, each of them quoted or not.

{"time": "$time_iso8601", "status": $status, "upstream": {"time": "$upstream_response_time"}}
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from collector.formats.custom import nginx
from collector.formats.custom.json_fields import JsonFields, of_paths
from collector.formats.custom.reading import Reading

_VARIABLE = r"\$(?:(\w+)|\{(\w+)\})"
_BARE = re.compile(rf"(?<=[:,\[])(\s*){_VARIABLE}(?=\s*[,}}\]])")
_ALONE = re.compile(_VARIABLE)


def parse(text: str) -> JsonFields | None:
    """The fields of such a log_format; None where the text is none. A value of several variables is not kept."""
    text = nginx.text_of(text).strip()
    if not text.startswith("{"):
        return None
    try:
        document = json.loads(_BARE.sub(lambda bare: f'{bare[1]}"${bare[2] or bare[3]}"', text))
    except ValueError:
        return None
    found = list(_variables(document, ()))
    return of_paths(found) if found else None


def _variables(document: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[Reading, str]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _variables(value, (*above, key))
        elif isinstance(value, str) and (alone := _ALONE.fullmatch(value)) and not set(key) & set("[]"):
            yield nginx.reading(alone[1] or alone[2]), ".".join((*above, key))
