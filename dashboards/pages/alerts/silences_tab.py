"""Silences: which alerts are muted, how long and why; to make one, and to end one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.notice import empty
from dashboards.page import Done
from dashboards.pages.alerts.words import PATH, action, fault_place, many
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.times import written
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.alerts.routing.matchers import Matcher, all_match, parse_matchers
from processors.alerts.routing.silences import Silence, SilenceState, new_silence
from processors.alerts.routing.time_intervals import in_words, recurring
from processors.errors import InvalidSilence
from processors.query.answer import Answer
from processors.time.durations import parse_duration
from processors.time.expression import parse_time

TAB = "silences"
# As the form offers them first.
_DURATION = "2h"

_TONES = {SilenceState.ACTIVE: "warning", SilenceState.PENDING: "info", SilenceState.EXPIRED: "neutral"}
Values = Mapping[str, list[str]]


def silence_panels(engine: AlertEngine) -> tuple[Panel, ...]:
    """The form, filled in as a link says by `matchers`; and what there is."""

    def listed(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        silences = engine.notifier.silences()
        if not silences:
            return empty("No silences now, and none in the last 30 days")
        order = list(SilenceState)
        ranked = sorted(silences, key=lambda one: (one.state(context.now) is SilenceState.EXPIRED, order))
        return html.Div([_entry(engine, context, one) for one in ranked], className="entries")

    def form(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return _form(context.view)

    return (
        Panel("alerts-silence", "New silence", form, span=4, height=300),
        Panel("alerts-silences", "Silences", listed, span=8, height=120),
    )


def _entry(engine: AlertEngine, context: PageContext, silence: Silence) -> Component:
    state, times = silence.state(context.now), context.times
    until = f"until {times.minute(silence.ends_at)}" if silence.ends_at is not None else "without an end"
    intervals = "; ".join(map(in_words, silence.intervals))
    recurs = f", each {intervals}" if intervals else ""
    muted = sum(silence.mutes(alert.labels, context.now) for alert in engine.alerts())
    return html.Form(
        [
            html.Header(
                [
                    html.Span(state.value, className=f"severity tone-{_TONES[state]}"),
                    html.Code(", ".join(map(str, silence.matchers))),
                ]
            ),
            html.P(silence.comment),
            html.P(
                f"{silence.created_by} · from {times.minute(silence.starts_at)} {until}{recurs}"
                + (f" · {many(muted, 'alert')} silenced now" if muted else ""),
                className="hint-text",
            ),
            html.Div(
                [
                    action("Expire", "silence-expire", silence.id)
                    if state is not SilenceState.EXPIRED
                    else html.A("Silence again", href=_again(context.view, silence), className="control"),
                    fault_place(),
                ],
                className="alert-actions",
            ),
        ],
        className="entry",
        **attributes({"data-form": "silence-expire", "data-state": state.value}),
    )


def _again(view: View, silence: Silence) -> str:
    return view.but(path=PATH, tab=TAB).setting(matchers=_lines(silence.matchers)).href()


def _form(view: View) -> Component:
    try:
        matchers = _lines(parse_matchers(view.parameter("matchers")))
    except ValueError:
        matchers = view.parameter("matchers")
    return html.Form(
        [
            html.Label(
                ["Matchers, one per line", dmc.Textarea(name="matchers", value=matchers, minRows=3, autosize=True)]
            ),
            html.P('api="orders", severity=~"warning|info"', className="hint-text"),
            html.Label(["For", dmc.TextInput(name="duration", value=_DURATION)]),
            html.Label(["Or until", dmc.TextInput(name="until", placeholder="2026-12-01 06:00")]),
            html.Label(["From", dmc.TextInput(name="start", placeholder="now")]),
            html.Details(
                [
                    html.Summary("Recurring"),
                    html.Label(["At these times", dmc.TextInput(name="times", placeholder="22:00-06:00")]),
                    html.Label(["On these days", dmc.TextInput(name="weekdays", placeholder="monday:friday, sunday")]),
                    html.P(
                        f"In {view.tzinfo.key}, until you end it or the time above is reached. "
                        "A night continues into the next day.",
                        className="hint-text",
                    ),
                ]
            ),
            html.Label(["Reason", dmc.TextInput(name="comment", placeholder="Database maintenance")]),
            fault_place(),
            html.Button("Silence", type="submit", className="control primary"),
        ],
        className="filter-form wide",
        **attributes({"data-form": "silence-create"}),
    )


def create_silence(engine: AlertEngine, clock: Callable[[], datetime]) -> Callable[[View, Values, str], Done]:
    def act(view: View, values: Values, writer: str) -> Done:
        now = clock()
        starts = _moment(_first(values, "start"), view, now) or now
        ends = _moment(_first(values, "until"), view, now)
        try:
            matchers = parse_matchers(_first(values, "matchers").replace("\n", ","))
            intervals = recurring(_first(values, "times"), _first(values, "weekdays"), view.tzinfo.key)
            if not intervals:
                ends = ends or starts + parse_duration(_first(values, "duration"))
        except ValueError as error:
            raise InvalidSilence(f"{error}.") from None
        silence = new_silence(matchers, starts, ends, writer, _first(values, "comment"), intervals)
        engine.notifier.put_silence(silence, now)
        muted = sum(all_match(silence.matchers, alert.labels) for alert in engine.alerts())
        return Done(view.setting(matchers=""), f"Silence created; active alerts that it matches: {muted}.")

    return act


def expire_silence(engine: AlertEngine, clock: Callable[[], datetime]) -> Callable[[View, Values, str], Done]:
    def act(view: View, values: Values, _writer: str) -> Done:
        engine.notifier.expire_silence(_first(values, "of"), clock())
        return Done(view, "Silence expired. Alerts that are still firing notify again.")

    return act


def _moment(text: str, view: View, now: datetime) -> datetime | None:
    """Raises InvalidTimeExpression."""
    return parse_time(written(text, view.tzinfo, now), now) if text else None


def _lines(matchers: Sequence[Matcher]) -> str:
    return "\n".join(map(str, matchers))


def _first(values: Values, field: str) -> str:
    return next(iter(values.get(field, [])), "")
