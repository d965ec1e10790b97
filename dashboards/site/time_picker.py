"""The time range in the context bar: presets, both edges, and steps to the side."""

from datetime import datetime, timedelta

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.dropdown import choice, dropdown
from dashboards.components.icon import icon
from dashboards.state.context import PageContext
from dashboards.state.times import address_time
from dashboards.state.view import View
from processors.time.expression import parse_time
from processors.time.window import Window
from storage.errors import GatelensError

FORM = "range"

_PRESETS = (
    ("Last 15 minutes", "now-15m", "now"),
    ("Last hour", "now-1h", "now"),
    ("Last 6 hours", "now-6h", "now"),
    ("Last 24 hours", "now-24h", "now"),
    ("Last 7 days", "now-7d", "now"),
    ("Last 30 days", "now-30d", "now"),
    ("Last year", "now-1y", "now"),
    ("Today", "now/d", "now"),
    ("Yesterday", "now-1d/d", "now/d"),
)


def time_picker(context: PageContext) -> Component:
    """◀ range ▶; the range opens the choice."""
    shown = shown_range(context)
    picker = dropdown(
        shown, time_choice(context), identity="range", spoken=f"Time range: {shown}", drawn="clock", to_the_left=True
    )
    return html.Div([_shift(context, -1), picker, _shift(context, 1)], className="time-picker")


def time_choice(context: PageContext) -> Component:
    """What the picker opens, and the drawer of a phone shows."""
    view = context.view
    presets = [
        choice(label, view.href(start=start, end=end), is_on=(view.start, view.end) == (start, end))
        for label, start, end in _PRESETS
    ]
    start, end = _edges(context)
    form = html.Form(
        [
            html.Label(["From", dmc.TextInput(name="from", value=start, size="sm")]),
            html.Label(["To", dmc.TextInput(name="to", value=end, size="sm")]),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Apply", size="sm", attributes={"root": {"type": "submit"}}),
            html.P(
                f"Times are in {context.times.zone.key}. Also now-6h, now-7d/d, 2026-11-23, or both edges pasted into"
                " one field, such as 2026-11-23 10:00 to 12:00.",
                className="hint-text",
            ),
        ],
        className="range-form",
        **attributes({"data-form": FORM}),
    )
    return html.Div([form, html.Div(presets, className="choices")], className="time-choice")


def shown_range(context: PageContext) -> str:
    """The range in words: the preset's, or its two edges."""
    view, now = context.view, context.now
    for label, start, end in _PRESETS:
        if (view.start, view.end) == (start, end):
            return label
    try:
        window = context.window
        if view.end == "now" and view.start.startswith("now-") and "/" not in view.start:
            return f"Last {formats.span(now - parse_time(view.start, now))}"
    except GatelensError:
        return "Choose a time range"
    return context.times.between(window.start, window.end)


def shifted(view: View, window: Window, direction: int, now: datetime) -> View:
    """The range moved by its own length; to the right not beyond now, where it follows the clock again."""
    length = window.length
    if direction > 0 and window.end + length > now + timedelta(minutes=1):
        return view.but(start=address_time(now - length), end="now") if view.end != "now" else view
    start, end = window.start + direction * length, window.end + direction * length
    return view.but(start=address_time(start), end=address_time(end))


def _shift(context: PageContext, direction: int) -> Component | None:
    try:
        moved = shifted(context.view, context.window, direction, context.now)
    except GatelensError:
        return None
    name, identity, drawn = (
        ("Earlier", "earlier", "chevron-left") if direction < 0 else ("Later", "later", "chevron-right")
    )
    is_off = moved == context.view
    named = {"aria-label": name, "title": name, **attributes({"aria-disabled": "true"} if is_off else {})}
    return html.A(icon(drawn, 16), id=identity, href=moved.href(), className="icon-button", **attributes(named))


def _edges(context: PageContext) -> tuple[str, str]:
    """As they are written in the form: relative ones as they are, others in the reader's zone."""
    return _edge(context.view.start, context), _edge(context.view.end, context)


def _edge(text: str, context: PageContext) -> str:
    if text.startswith("now"):
        return text
    try:
        return f"{context.times.local(parse_time(text, context.now)):%Y-%m-%d %H:%M}"
    except GatelensError:
        return text
