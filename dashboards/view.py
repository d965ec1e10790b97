"""What a reader looks at: time range and filters, kept in the URL so that a link shows the same."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

from processors.moment import is_relative, parse_moment
from processors.traffic.filters import Filters
from processors.window import MINUTE, Window, ceil, floor
from storage.errors import GatelensError

DEFAULT_START = "now-1h"
DEFAULT_END = "now"
DEFAULT_REFRESH = "10s"

# What a range may be refreshed by, and how often that is.
REFRESH_SECONDS = {"off": 0, "10s": 10, "30s": 30, "1m": 60, "5m": 300}

# Beyond this a page would ask for more than anyone keeps.
_LONGEST = timedelta(days=3660)


class InvalidRange(GatelensError):
    """A time range that ends before it starts, or is too long."""


@dataclass(frozen=True)
class View:
    """The state of a page. `start` and `end` are as the reader wrote them, e.g. 'now-6h'."""

    start: str = DEFAULT_START
    end: str = DEFAULT_END
    environment: str = ""
    gateway: str = ""
    api: str = ""
    api_version: str = ""
    refresh: str = DEFAULT_REFRESH

    @property
    def filters(self) -> Filters:
        """What the range's traffic is narrowed to."""
        return Filters(self.environment, self.gateway, self.api, self.api_version)

    @property
    def follows_clock(self) -> bool:
        """Whether the range ends now, so that there is something to refresh."""
        return is_relative(self.end)

    @property
    def refresh_seconds(self) -> int:
        """0 where the range stands still or the reader switched refreshing off."""
        return REFRESH_SECONDS.get(self.refresh, 0) if self.follows_clock else 0

    def window(self, now: datetime) -> Window:
        """The range in whole minutes, the present one included. Raises InvalidMoment or InvalidRange."""
        start, end = floor(parse_moment(self.start, now), MINUTE), ceil(parse_moment(self.end, now), MINUTE)
        if end <= start:
            raise InvalidRange(f"The time range ends ({self.end}) before it starts ({self.start}); swap them.")
        if end - start > _LONGEST:
            raise InvalidRange("The time range is longer than ten years; choose a shorter one.")
        return Window(start, end)

    def query(self) -> str:
        """The URL's query, '?…', with what differs from the defaults; '' where nothing does."""
        values = {name: getattr(self, field) for field, name in _NAMES.items()}
        default = View()
        told = {
            name: value
            for (field, name), value in zip(_NAMES.items(), values.values(), strict=True)
            if value != getattr(default, field)
        }
        return f"?{urlencode(told)}" if told else ""

    def but(self, **changes: str) -> "View":
        """The same with some of it changed."""
        return replace(self, **changes)


# Fields and what the URL calls them.
_NAMES = {
    "start": "from",
    "end": "to",
    "environment": "environment",
    "gateway": "gateway",
    "api": "api",
    "api_version": "version",
    "refresh": "refresh",
}


def parse_view(search: str | None) -> View:
    """The view of a URL's query; what is missing is the default, what is unknown is ignored."""
    told = parse_search(search)
    return View(**{field: told[name] for field, name in _NAMES.items() if name in told})


def parse_search(search: object) -> dict[str, str]:
    """The first value of each parameter of a URL's query, as a browser has sent it: it may be anything."""
    text = search if isinstance(search, str) else ""
    # Half of a surrogate pair could be neither asked for nor shown.
    text = text.encode("utf-8", "replace").decode()
    try:
        return {name: values[0] for name, values in parse_qs(text.removeprefix("?"), max_num_fields=100).items()}
    except ValueError:
        return {}
