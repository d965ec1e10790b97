"""What a reader looks at, all of it in the URL, so that a link shows the same and Back goes back."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode
from zoneinfo import ZoneInfo

from dashboards.state.zones import is_zone, zone_of
from processors.errors import InvalidQuestion
from processors.query.filters import Filter, Operator, parse_filter
from processors.time.expression import InvalidRange, InvalidTimeExpression, is_relative, parse_window
from processors.time.window import Window

DEFAULT_START = "now-1h"
DEFAULT_END = "now"
# As often as a range of this length has something new to show.
DEFAULT_REFRESH = "auto"

# What a range may be refreshed by besides, and how often that is.
REFRESH_SECONDS = {"off": 0, "10s": 10, "30s": 30, "1m": 60, "5m": 300}
# Of 'auto': up to which length of the range, and which of these. A refresh asks for the whole range, and most of the
# time moves one step of its charts: they are of a minute at least, of ten for a day, of an hour for a week.
_AUTO = ((timedelta(minutes=30), "10s"), (timedelta(hours=3), "30s"), (timedelta(days=2), "1m"), (timedelta.max, "5m"))

_MOST_PARAMETERS = 100

# What a range that cannot be shown raises.
RANGE_FAULTS = (InvalidTimeExpression, InvalidRange)

# Parameters of the URL that are fields here; `filter` may stand several times, anything else belongs to the page.
_NAMES = {
    "from": "start",
    "to": "end",
    "tz": "zone",
    "compare": "compare",
    "tab": "tab",
    "sort": "sort",
    "selected": "selected",
    "refresh": "refresh",
}
_FILTER = "filter"
# Older links have a parameter for each of these.
_FILTERS_OF_OLD = ("environment", "gateway", "api", "version")
# What another page has no use for.
_OF_ONE_PAGE = {"tab": "", "sort": "", "selected": "", "more": ()}


@dataclass(frozen=True)
class View:
    """The state of a page. `start` and `end` are as the reader wrote them, e.g. 'now-6h'."""

    path: str = "/"
    start: str = DEFAULT_START
    end: str = DEFAULT_END
    # An IANA name, e.g. 'Europe/Berlin'; '' for the zone of the reader's browser.
    zone: str = ""
    filters: tuple[Filter, ...] = ()
    # A key of COMPARISONS in dashboards/state/comparison.py, or traffic such as 'version=v2'; '' for the page's choice.
    compare: str = ""
    tab: str = ""
    # Of tables: 'panel:column' or 'panel:-column', several by commas.
    sort: str = ""
    # What is picked on the page, such as the id of a request.
    selected: str = ""
    refresh: str = DEFAULT_REFRESH
    # Parameters of the page itself, such as `sql`.
    more: tuple[tuple[str, str], ...] = ()
    # What the browser says; not in the URL.
    browser_zone: str = field(default="UTC", compare=False)
    # Why a filter of the URL cannot be used; '' where all can.
    fault: str = field(default="", compare=False)

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone in which times are shown and read."""
        return zone_of(self.zone or self.browser_zone)

    @property
    def follows_clock(self) -> bool:
        """Whether the range ends now, so that there is something to refresh."""
        return is_relative(self.end)

    def refresh_seconds(self, now: datetime) -> int:
        """0 where the range stands still or the reader switched refreshing off."""
        if not self.follows_clock:
            return 0
        return REFRESH_SECONDS.get(self.auto_refresh(now) if self.refresh == DEFAULT_REFRESH else self.refresh, 0)

    def auto_refresh(self, now: datetime) -> str:
        """How often a range like this one is refreshed unless the reader says otherwise; a key of REFRESH_SECONDS."""
        try:
            length = self.window(now).length
        except RANGE_FAULTS:
            return _AUTO[0][1]
        return next(often for longest, often in _AUTO if length <= longest)

    def window(self, now: datetime) -> Window:
        """The range in whole minutes, the present one included. Raises InvalidTimeExpression or InvalidRange."""
        return parse_window(self.start, self.end, now)

    def item(self, of: str) -> str:
        """What the path names below a page's: 'payments' of '/apis/payments' for '/apis'; '' where it names none."""
        return unquote(self.path.removeprefix(f"{of}/")) if self.path.startswith(f"{of}/") else ""

    def parameter(self, name: str) -> str:
        """A parameter of the page itself; '' where the URL has none."""
        return dict(self.more).get(name, "")

    def values_of(self, dimension: str) -> tuple[str, ...]:
        """What the filters narrow a dimension to; () where they do not."""
        return next((f.values for f in self.filters if f.dimension == dimension and f.operator is Operator.IN), ())

    def but(self, **changes: object) -> "View":
        """The same with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # dataclasses checks the names

    def with_filter(self, *added: Filter) -> "View":
        """The same, narrowed further; a filter of the same dimension and operator is replaced."""
        kinds = {(one.dimension, one.operator) for one in added}
        kept = tuple(one for one in self.filters if (one.dimension, one.operator) not in kinds)
        return self.but(filters=(*kept, *added))

    def only(self, dimension: str, value: str) -> "View":
        """The same, narrowed to one value of a dimension; '' is the traffic that has none."""
        added = Filter(dimension, Operator.IN, (value,)) if value else Filter(dimension, Operator.ABSENT)
        kept = tuple(one for one in self.filters if one.dimension != dimension)
        return self.but(filters=(*kept, added))

    def without_filter(self, removed: Filter) -> "View":
        return self.but(filters=tuple(one for one in self.filters if one != removed))

    def setting(self, **parameters: str) -> "View":
        """The same with parameters of the page changed; '' takes one away."""
        kept = {**dict(self.more), **parameters}
        return self.but(more=tuple((name, value) for name, value in kept.items() if value))

    def to(self, path: str, *item: str, **changes: object) -> "View":
        """Another page with the same range, zone, filters and comparison; `item` is what it shows, such as an API."""
        whole = "/".join([path, *(quote(part, safe="") for part in item)])
        return self.but(**{**_OF_ONE_PAGE, "path": whole, **changes})

    def href(self, **changes: object) -> str:
        """The address of this view with some of it changed."""
        view = self.but(**changes) if changes else self
        return f"{view.path}{view.query()}"

    def query(self) -> str:
        """The URL's query, '?…', with what differs from the defaults; '' where nothing does."""
        default = View()
        pairs = [
            (name, getattr(self, attribute))
            for name, attribute in _NAMES.items()
            if getattr(self, attribute) != getattr(default, attribute)
        ]
        pairs += [(_FILTER, one.text()) for one in self.filters]
        pairs += self.more
        return f"?{urlencode(pairs)}" if pairs else ""


def parse_view(path: object, search: object, browser_zone: object = "UTC") -> View:
    """The view of an address as a browser sends it, which may be anything.

    What is missing is the default. `fault` says which filters cannot be read.
    """
    pairs = _pairs(search)
    known: dict[str, str] = {}
    for name, value in pairs:
        if name in _NAMES:
            known.setdefault(_NAMES[name], value)
    filters, fault = _filters(pairs)
    more = {name: value for name, value in pairs if name not in (*_NAMES, _FILTER, *_FILTERS_OF_OLD)}
    if not is_zone(known.get("zone", "")):
        known.pop("zone", None)
    zone = str(browser_zone)
    return View(
        path=_text(path).rstrip("/") or "/",
        filters=filters,
        more=tuple(more.items()),
        browser_zone=zone if is_zone(zone) else "UTC",
        fault=fault,
        **known,
    )


def _filters(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[Filter, ...], str]:
    found: dict[Filter, None] = {}
    fault = ""
    for name, value in pairs:
        try:
            if name == _FILTER:
                found[parse_filter(value)] = None
            elif name in _FILTERS_OF_OLD and value:
                found[Filter(name, Operator.IN, (value,))] = None
        except InvalidQuestion as error:
            fault = str(error)
    return tuple(found), fault


def _pairs(search: object) -> list[tuple[str, str]]:
    try:
        return parse_qsl(_text(search).removeprefix("?"), max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []


def _text(sent: object) -> str:
    """Half of a surrogate pair could be neither asked for nor shown."""
    return sent.encode("utf-8", "replace").decode() if isinstance(sent, str) else ""
