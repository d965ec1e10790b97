"""Decides what routes are called, and keeps it: once decided, a route keeps its name."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from processors.query.selection import within
from processors.query.views import without_views
from processors.routes.mining import Tree
from processors.routes.segments import is_placeholder, joined, segments, typed
from processors.routes.templates import Templates
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

NOT_FOUND = "(not found)"
OTHER = "(other routes)"

# Of one API, and of all, looked at in one run.
_MOST_OBSERVED = 20_000
_MOST_ROWS = 200_000
# Kept of one API, and of all: names are held in memory.
_MOST_DECIDED = 50_000
_MOST_DECIDED_OF_ALL = 500_000
_MOST_SHOWN = 10_000


@dataclass(frozen=True)
class Observed:
    """A route as requests were stored with it. `found` are requests that were not answered with 404 or 405."""

    route: str
    requests: int
    found: int


@dataclass(frozen=True)
class Decision:
    """What an observed route is called, and why: document, mined, not_found, capped."""

    api: str
    observed: str
    route: str
    reason: str


@dataclass(frozen=True)
class RouteRun:
    """What one run decided.

    `capped` are APIs with more routes than they may have, `full` those that have too many paths to be mined or kept.
    """

    observed: int
    decided: int
    capped: tuple[str, ...]
    full: tuple[str, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should do something about."""
        capped = (
            f"The API {api} has more routes than `catalogue.most_routes`: the rest is {OTHER}. Give it a document."
            for api in self.capped
        )
        full = (
            f"The API {api} has too many different paths to name all of them. Let its gateway tell routes."
            for api in self.full
        )
        return (*capped, *full)


class RouteDecisions:
    """Decides by the documents that are given; `run` may be run as often as one likes, and does no work twice."""

    def __init__(self, store: Store, documented: Callable[[], Mapping[str, Sequence[str]]], most_routes: int) -> None:
        """`documented` are the routes of each API that has a document, as it is now."""
        self._store = store
        self._documented = documented
        self._most_routes = most_routes

    def run(self, window: Window) -> RouteRun:
        """Decide about the routes of a time. Raises StoreError."""
        decided = self._decided()
        by_api: dict[str, list[Observed]] = defaultdict(list)
        for api, route, requests, found in self._observed(window):
            by_api[api].append(Observed(route, requests, found))
        by_document = {api: Templates(routes) for api, routes in self._documented().items()}
        fresh: list[Decision] = []
        capped, full = [], []
        room = _MOST_DECIDED_OF_ALL - sum(map(len, decided.values()))
        for api, observed in by_api.items():
            known = decided.get(api, {})
            documented = by_document.get(api, Templates())
            decisions, is_full = decide(api, observed, known, documented, self._most_routes)
            # Those of most requests come first.
            kept = decisions[: max(0, min(_MOST_DECIDED - len(known), room - len(fresh)))]
            fresh += kept
            if any(decision.reason == "capped" for decision in kept) or OTHER in known.values():
                capped.append(api)
            if is_full or len(kept) < len(decisions):
                full.append(api)
        if fresh:
            rows = [(decision.api, decision.observed, decision.route, decision.reason) for decision in fresh]
            self._store.insert("route_decisions", ("api", "observed", "route", "reason"), rows)
        return RouteRun(sum(map(len, by_api.values())), len(fresh), tuple(sorted(capped)), tuple(sorted(full)))

    def _observed(self, window: Window) -> list[tuple[str, str, int, int]]:
        sql = without_views(self._store, load("processors.routes", "observed").replace("{within}", within(window)))
        limits = {"most_routes": _MOST_OBSERVED, "most_rows": _MOST_ROWS}
        return [(api, route, requests, found) for api, route, requests, found in self._store.rows(sql, limits)]

    def _decided(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for api, observed, route in self._store.rows("SELECT api, observed, route FROM route_decisions FINAL"):
            found[api][observed] = route
        return found


def decided_routes(store: Store, api: str = "") -> list[tuple[str, str, str, int]]:
    """API, route, reason, and how many observed routes are called so; of one API, or of all. Raises StoreError."""
    found = store.rows(load("processors.routes", "decided"), {"api": api, "most_rows": _MOST_SHOWN})
    return [(api, route, reason, observed) for api, route, reason, observed in found]


def decide(
    api: str, observed: Sequence[Observed], decided: Mapping[str, str], documented: Templates, most_routes: int
) -> tuple[list[Decision], bool]:
    """Decisions about what is not decided and keeps not its own name; and whether the API is too wide to be mined."""
    undecided = [route for route in observed if route.route not in decided and not _is_catch_all(route.route)]
    tree = Tree((route.route, route.found) for route in observed if route.found and not documented.match(route.route))
    mined = Templates([route for route in decided.values() if not _is_catch_all(route)])
    for template in tree.templates():
        mined.add(template)
    found = []
    for route in undecided:
        name, reason = _named(route, documented, mined)
        if name != route.route:
            found.append(Decision(api, route.route, name, reason))
    return [*found, *_capped(api, observed, decided, found, documented, most_routes)], tree.is_full


def _named(route: Observed, documented: Templates, mined: Templates) -> tuple[str, str]:
    if document := documented.match(route.route):
        return document, "document"
    looks = joined(tuple(map(typed, segments(route.route))))
    if template := mined.match(looks):
        return template, "mined"
    if not route.found:
        return NOT_FOUND, "not_found"
    return (looks, "mined") if any(map(is_placeholder, segments(looks))) else (route.route, "")


def _capped(
    api: str,
    observed: Sequence[Observed],
    decided: Mapping[str, str],
    found: Sequence[Decision],
    documented: Templates,
    most_routes: int,
) -> list[Decision]:
    """The undecided routes beyond those that an API may have, the least used first. Documented ones always are its."""
    names = {**decided, **{decision.observed: decision.route for decision in found}}
    routes = {route for route in names.values() if not _is_catch_all(route)}
    beyond = []
    for route in sorted(observed, key=lambda route: -route.requests):
        if route.route in names or _is_catch_all(route.route):
            continue
        if len(routes) < most_routes or documented.match(route.route):
            routes.add(route.route)
        else:
            beyond.append(Decision(api, route.route, OTHER, "capped"))
    return beyond


def _is_catch_all(route: str) -> bool:
    return route in ("", NOT_FOUND, OTHER)
