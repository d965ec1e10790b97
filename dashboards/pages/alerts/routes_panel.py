"""The routing tree, and which of its nodes an alert of some labels would reach."""

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.notice import empty
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.alerts.routing.matchers import parse_matchers
from processors.alerts.routing.route import Route, Way, ways_of
from processors.alerts.routing.routing import Routing
from processors.time.durations import show_duration

FORM = "routes-try"
_LABELS = "labels"
_EXAMPLE = 'alertname="api-errors", severity="critical"'
Values = Mapping[str, list[str]]


def drawn_routes(engine: AlertEngine, context: PageContext) -> list[Component]:
    """The box to try labels in, its result, and the tree."""
    routing = engine.source.current.file.routing
    if routing.route is None:
        return [empty("No routing tree: each rule names its receiver. The rule file can define a route for the others")]
    given = context.view.parameter(_LABELS)
    ways: list[Way] = []
    try:
        ways = ways_of(routing.route, labels_of(given)) if given else []
        answer = _reached(routing, ways, context)
    except ValueError as error:
        answer = html.P(str(error), className="form-fault")
    return [
        _form(given),
        answer,
        html.Ul([_node(routing.route, "", {way.key for way in ways})], className="routes"),
    ]


def try_labels(view: View, values: Values) -> View:
    return view.setting(**{_LABELS: next(iter(values.get(_LABELS, [])), "")})


def labels_of(text: str) -> dict[str, str]:
    """Labels as `name="value", …`; raises ValueError with the cure."""
    matchers = parse_matchers(text)
    if strange := [matcher for matcher in matchers if matcher.operator != "="]:
        raise ValueError(f'{strange[0]} is not a label; write each as name="value"')
    return {matcher.name: matcher.value for matcher in matchers}


def _form(given: str) -> Component:
    return html.Form(
        [
            html.Label(
                ["Labels of an alert", dmc.TextInput(name=_LABELS, value=given, placeholder=_EXAMPLE, w="100%")],
            ),
            html.Button("Try", type="submit", className="control"),
        ],
        className="filter-form wide",
        **attributes({"data-form": FORM}),
    )


def _reached(routing: Routing, ways: Sequence[Way], context: PageContext) -> Component:
    if not ways:
        return html.P("Which receivers would an alert with these labels reach?", className="hint-text")
    parts = [f"{way.receiver}, {_pace(way)}{_mute(routing, way, context)}" for way in ways]
    return html.P(["Notified: ", html.Strong("; ".join(parts))])


def _pace(way: Way) -> str:
    by = ", ".join(way.group_by) or "all together"
    wait, repeat = show_duration(way.group_wait), show_duration(way.repeat_interval)
    return f"grouped by {by}, after {wait}, repeated every {repeat}"


def _mute(routing: Routing, way: Way, context: PageContext) -> str:
    return "; mute now" if routing.is_mute(way, context.now) else ""


def _node(route: Route, parent: str, reached: set[str]) -> Component:
    key = route.key_below(parent)
    matchers = ", ".join(map(str, route.matchers)) or "all other alerts"
    is_reached = key in reached
    parts: list[Component | str | None] = [
        html.Code(matchers) if route.matchers else matchers,
        f" → {route.receiver}" if route.receiver else " → as above",
        html.Span(" continues", className="hint-text") if route.continue_ else None,
        html.Span(" reached", className="severity tone-good") if is_reached else None,
    ]
    below = [_node(child, key, reached) for child in route.routes]
    children = [*parts, html.Ul(below)] if below else parts
    return html.Li(children, **attributes({"data-reached": "yes" if is_reached else "no"}))
