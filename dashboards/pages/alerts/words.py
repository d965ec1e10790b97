"""Alerts and rules in words, and where they lead."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.table import Cell, Row
from dashboards.site.alert_marks import tone_of
from dashboards.state.times import address_time
from dashboards.state.view import View
from processors.alerts.rules.filters import equal
from processors.alerts.rules.kinds.traffic import TrafficRule
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.units import show
from processors.query.absent import ABSENT
from processors.query.dimensions import DIMENSIONS
from processors.query.filters import Filter
from processors.query.measures import MEASURES, Unit
from processors.time.durations import show_duration
from processors.time.window import MINUTE, Window, floor

PATH = "/alerts"
RULES, NEW = "rules", "new"

# Around a judged window, so that the way into an incident is seen.
_BEFORE, _AFTER = timedelta(minutes=30), timedelta(minutes=5)

STATE_TONES: Mapping[str, str] = {
    "firing": "bad",
    "recovering": "warning",
    "pending": "warning",
    "resolved": "good",
    "inactive": "good",
    "error": "bad",
    "no_data": "neutral",
    "disabled": "neutral",
}
_STATE_WORDS = {"no_data": "no data", "disabled": "off"}

# Units of dashboards.formats by those of measures.
_FORMATS: Mapping[Unit, str] = {
    Unit.COUNT: "count",
    Unit.CONSUMERS: "count",
    Unit.PER_SECOND: "rate",
    Unit.SHARE: "share",
    Unit.MILLISECONDS: "ms",
    Unit.SCORE: "score",
    Unit.BYTES: "bytes",
}


def unit_of(rule: Rule) -> str:
    """The unit of a rule's values, a key of dashboards.formats.UNITS."""
    return _FORMATS.get(rule.unit, "plain") if rule.unit is not None else "plain"


def measure_unit(name: str) -> str:
    """That of a measure."""
    return _FORMATS.get(MEASURES[name].unit, "plain")


def state_cell(row: Row) -> Cell:
    state = str(row["state"])
    return {"glyph": True, "tone": STATE_TONES.get(state, "neutral"), "text": _STATE_WORDS.get(state, state)}


def state_tag(state: str) -> Component:
    """A state as a word in its colour."""
    return html.Span(_STATE_WORDS.get(state, state), className=f"severity tone-{STATE_TONES.get(state, 'neutral')}")


def severity_cell(row: Row) -> Cell:
    severity = str(row["severity"])
    return {"glyph": True, "tone": tone_of(severity), "text": severity} if severity else None


def condition(rule: Rule) -> str:
    """What has to hold, e.g. 'error_rate over 5m > 5 % for 2m'."""
    lasting = f" for {show_duration(rule.for_)}" if rule.for_ else ""
    limits = ", ".join(show(rule.unit, one.threshold) for one in rule.conditions)
    return f"{rule.watched} over {show_duration(rule.length)} {rule.op} {limits}{lasting}"


def labels_text(labels: Mapping[str, str]) -> str:
    """The labels without those that are shown next to them."""
    pairs = (f"{name}={value}" for name, value in sorted(labels.items()) if name not in ("alertname", "severity"))
    return ", ".join(pairs)


def filters_of(rule: Rule | None, labels: Mapping[str, str]) -> tuple[Filter, ...]:
    """The requests that an alert is about, by its labels and its rule."""
    if isinstance(rule, TrafficRule):
        return rule.requests_of(labels)
    return tuple(equal(name, value) for name, value in labels.items() if name in DIMENSIONS and value)


def judged(view: View, window: Window | None) -> View:
    """The view around a window that was judged."""
    if window is None:
        return view
    return view.but(start=address_time(window.start - _BEFORE), end=address_time(window.end + _AFTER))


def api_href(view: View, rule: Rule | None, labels: Mapping[str, str], window: Window | None) -> str:
    """The page of the API that an alert is about, or the overview, around the judged window."""
    filters = filters_of(rule, labels)
    seen = judged(view, window)
    api = labels.get("api", "")
    if api and api not in ABSENT.values():
        rest = tuple(one for one in filters if one.dimension != "api")
        return seen.to("/apis", api).but(filters=rest).href()
    return seen.to("/").but(filters=filters).href()


def many(number: int, thing: str) -> str:
    """'1 alert' or '2 alerts'."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def spanned(start: datetime, end: datetime) -> Window:
    """The whole minutes that a stretch of time touches."""
    return Window(floor(start, MINUTE), floor(end, MINUTE) + MINUTE)


def rule_href(view: View, name: str) -> str:
    return view.to(PATH, RULES, name).but(filters=()).href()


def action(label: str, form: str, value: str, *, kind: str = "control", field: str = "of") -> Component:
    """A button that changes something: `form` is a name in Page.actions, which gets `value` as `field`."""
    named: dict[str, Any] = attributes({"data-form": form})
    return html.Button(label, type="submit", name=field, value=value, className=kind, **named)


def fault_place() -> Component:
    """Where a form shows what is wrong with what was entered."""
    return html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"}))
