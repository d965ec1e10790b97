"""What a rule file names and what there must be: receivers, time intervals; and names that are used twice."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str | int, ...]


def reference_faults(document: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """Names that are used twice, and names of what there is none; of a document that may be faulty."""
    return [
        *_repeated(document),
        *_receivers_of_rules(document),
        *_of_route(document),
    ]


def _repeated(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for section, kind in (("rules", "rule"), ("receivers", "receiver"), ("time_intervals", "time interval")):
        named = list(_named(document, section))
        counts = Counter(name for _, name, _ in named)
        for name, count in counts.items():
            if count > 1:
                last = [place for place, other, _ in named if other == name][-1]
                yield last, f"{kind} {name!r}: {count} {kind}s have this name; give each its own"


def _receivers_of_rules(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    known = _names(document, "receivers")
    has_route = document.get("route") is not None
    if document.get("ready") and not has_route:
        yield ("ready",), "ready: these rules name no receiver; add a `route:` that says who is notified"
    for place, name, rule in _named(document, "rules"):
        receiver = rule.get("receiver")
        if isinstance(receiver, str) and receiver and receiver not in known:
            yield (*place, "receiver"), f"rule {name!r}: receiver: {_unknown(receiver, 'receiver', known)}"
        elif not receiver and not has_route:
            yield place, f"rule {name!r}: receiver: is missing; add it, or a `route:` for rules that name none"


def _of_route(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    root = document.get("route")
    if not isinstance(root, dict):
        return
    if not root.get("receiver"):
        yield ("route",), "route: receiver: is missing; add the receiver of alerts that no other route matches"
    if root.get("matchers"):
        yield ("route", "matchers"), "route: matchers: the root takes every alert; move them to one of its routes"
    yield from _of_node(document, root, ("route",))


def _of_node(document: Mapping[str, Any], node: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, str]]:
    shown = ": ".join(map(str, place))
    receivers, intervals = _names(document, "receivers"), _names(document, "time_intervals")
    if isinstance(receiver := node.get("receiver"), str) and receiver not in receivers:
        yield (*place, "receiver"), f"{shown}: receiver: {_unknown(receiver, 'receiver', receivers)}"
    for key in ("mute_time_intervals", "active_time_intervals"):
        named = node.get(key) or []
        for name in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
            if name not in intervals:
                yield (*place, key), f"{shown}: {key}: {_unknown(str(name), 'time interval', intervals)}"
    routes = node.get("routes")
    for number, route in enumerate(routes if isinstance(routes, list) else []):
        if isinstance(route, dict):
            yield from _of_node(document, route, (*place, "routes", number))


def _unknown(name: str, kind: str, known: list[str]) -> str:
    section = f"{kind}s".replace(" ", "_")
    return f"{name!r} is no {kind}; use one of {', '.join(known) or f'those that you add under {section}:'}"


def _names(document: Mapping[str, Any], section: str) -> list[str]:
    return sorted({name for _, name, _ in _named(document, section)})


def _named(document: Mapping[str, Any], section: str) -> Iterator[tuple[Place, str, Mapping[str, Any]]]:
    entries = document.get(section)
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict):
            name = entry.get("name") or entry.get("alert")
            if isinstance(name, str):
                yield (section, number), name, entry
