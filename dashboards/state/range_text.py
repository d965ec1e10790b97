"""Two edges of a time range out of what people paste."""

import re

# '2026-11-30 10:00 to 2026-11-30 11:00', with a dash between spaces, a tab, a line end, or Grafana's from= and to=.
_BETWEEN = re.compile(r"\s+(?:to|until|-|–|—|→)\s+|\t|\n|\s*,\s*", re.IGNORECASE)
_GRAFANA = re.compile(r'"?from"?\s*[=:]\s*"?(?P<start>[^&",]+)"?.*?"?to"?\s*[=:]\s*"?(?P<end>[^&",}]+)"?', re.DOTALL)
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(?::\d{2})?$")


def two_edges(start: str, end: str) -> tuple[str, str]:
    """Start and end; where one field holds both, those of it. '2026-11-30 10:00 to 12:00' is of one day."""
    for text in (start, end):
        if (pair := _pair(text)) is not None:
            return pair
    return start.strip(), end.strip() or "now"


def _pair(text: str) -> tuple[str, str] | None:
    text = text.strip()
    if found := _GRAFANA.search(text):
        return found["start"].strip(), found["end"].strip()
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) != 2:
        return None
    start, end = parts
    if _CLOCK.match(end) and (day := re.match(r"^\d{4}-\d{2}-\d{2}", start)):
        end = f"{day[0]} {end}"
    return start, end
