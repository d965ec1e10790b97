"""What fires: a card for each alert, with all that somebody on call needs."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta

import dash_mantine_components as dmc
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.notice import empty, notice
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.alerts.words import (
    NEW,
    PATH,
    action,
    api_href,
    fault_place,
    filters_of,
    judged,
    labels_text,
    many,
    rule_href,
    state_tag,
    unit_of,
)
from dashboards.pages.shared.alert_order import by_need
from dashboards.panel import Drawing, Panel
from dashboards.site.alert_marks import tone_of
from dashboards.state.context import PageContext
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.alerts.routing.inhibition import Inhibitions
from processors.alerts.rules.kinds.traffic import MeasureRule, TrafficRule
from processors.alerts.rules.rule import Rule
from processors.explain.measures import MEASURES as EXPLAINED
from processors.query.answer import Answer
from processors.query.question import Question
from processors.time.window import MINUTE, Window, floor

# How many alerts get a chart and who is affected; the rest are text only.
_DRAWN, _MOST = 12, 60
_SHOWN = timedelta(hours=2)
_HEIGHT = 110
_MOST_AFFECTED = 3


@dataclass(frozen=True)
class _Asked:
    """The questions about one alert: its measure over time, and who has failing requests."""

    alert: Alert
    course: Question | None
    affected: Question | None

    @property
    def questions(self) -> Set[Question]:
        return {one for one in (self.course, self.affected) if one is not None}


def firing_panels(engine: AlertEngine) -> tuple[Panel, ...]:
    """The cards, in the order in which they need somebody; of one rule where the address names one."""

    def ask(context: PageContext) -> Sequence[Question]:
        asked = _asked(engine, context)
        return [question for one in asked for question in one.questions]

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        # An alert that has come since then has no answers yet.
        found = {answer.question: answer for answer in answers}
        asked = {one.alert.fingerprint: one for one in _asked(engine, context) if one.questions <= found.keys()}
        alerts = _alerts(engine, context)
        if not alerts and not engine.overview():
            return empty("No rules yet, so nothing can fire")
        if not alerts:
            return notice("good", "No alerts firing", html.P(f"{many(len(engine.overview()), 'rule')} watched."))
        # Once for all cards: thousands of alerts are looked through.
        inhibitions = engine.notifier.inhibitions(engine.alerts())
        return html.Div(
            [
                *(
                    _card(engine, context, alert, asked.get(alert.fingerprint), found, inhibitions)
                    for alert in alerts[:_MOST]
                ),
                html.P(f"and {len(alerts) - _MOST:,} more") if len(alerts) > _MOST else None,
            ],
            className="alert-cards",
        )

    return (Panel("alerts-firing", "Firing and pending", draw, ask, bare=True, height=80),)


def _alerts(engine: AlertEngine, context: PageContext) -> list[Alert]:
    wanted = context.view.parameter("rule")
    found = by_need(engine, context.now)
    return [one for one in found if one.state is not State.RESOLVED and (not wanted or one.rule == wanted)]


def _asked(engine: AlertEngine, context: PageContext) -> list[_Asked]:
    rules = engine.source.current.rules
    return [_of(alert, rules.get(alert.rule), context) for alert in _alerts(engine, context)[:_DRAWN]]


def _of(alert: Alert, rule: Rule | None, context: PageContext) -> _Asked:
    if not isinstance(rule, TrafficRule):
        return _Asked(alert, None, None)
    filters = filters_of(rule, alert.labels)
    course = None
    if isinstance(rule, MeasureRule) and rule.compares_values:
        shown = rule.question(_window(context), rule.measure, step=MINUTE)
        course = replace(shown, dimensions=(), filters=filters)
    start = min(alert.active_at, alert.window.start if alert.window is not None else alert.active_at)
    window = Window(floor(start, MINUTE), _window(context).end)
    affected = Question(
        ("errors", "requests"), window, ("consumer",), filters, limit=_MOST_AFFECTED + 1,
    )  # fmt: skip
    return _Asked(alert, course, affected)


def _window(context: PageContext) -> Window:
    end = floor(context.now, MINUTE) + MINUTE
    return Window(end - _SHOWN, end)


def _card(
    engine: AlertEngine,
    context: PageContext,
    alert: Alert,
    asked: _Asked | None,
    answers: Mapping[Question, Answer],
    inhibitions: Inhibitions,
) -> Component:
    rule = engine.source.current.rules.get(alert.rule)
    severity = alert.labels.get("severity", "")
    tone = tone_of(severity) if alert.is_firing else "neutral"
    return html.Article(
        [
            _head(context, alert, severity),
            html.H3(html.A(alert.annotations.get("summary", alert.rule), href=rule_href(context.view, alert.rule))),
            _figures(context, alert),
            html.P(labels_text(alert.labels), className="hint-text"),
            *_course(context, alert, rule, asked, answers),
            _affected(asked, answers),
            *_taken(engine, context, alert, inhibitions),
            _buttons(engine, context, alert, rule),
        ],
        className=f"alert-card tone-{tone}",
        **attributes({"data-rule": alert.rule, "data-state": alert.state.value}),
    )


def _head(context: PageContext, alert: Alert, severity: str) -> Component:
    since = alert.fired_at or alert.active_at
    return html.Header(
        [
            html.Span(severity or "no severity", className=f"severity tone-{tone_of(severity)}"),
            state_tag(alert.state.value),
            html.Span(alert.rule, className="alert-rule"),
            html.Time(
                f"{formats.span(context.now - since)} · since {context.times.minute(since)}",
                title=context.times.full(since),
            ),
        ]
    )


def _figures(context: PageContext, alert: Alert) -> Component:
    window = alert.window
    judged = f"evaluated {context.times.between(window.start, window.end)}" if window is not None else ""
    return html.P(
        [
            html.Strong(alert.annotations.get("value", "")),
            f" (threshold {alert.annotations.get('threshold', '')}) ",
            html.Span(judged, className="hint-text"),
        ],
        className="alert-figures",
    )


def _course(
    context: PageContext,
    alert: Alert,
    rule: Rule | None,
    asked: _Asked | None,
    answers: Mapping[Question, Answer],
) -> list[Component]:
    """The measure of the last hours with the threshold."""
    if asked is None or asked.course is None or not isinstance(rule, MeasureRule):
        return []
    window = _window(context)
    near = replace(context, view=context.view.but(start=f"now-{int(_SHOWN.total_seconds() // 3600)}h", end="now"))
    values = by_step(near, answers[asked.course].frame, rule.measure, MINUTE)
    series = [Series(rule.measure, values, f"${tone_of(alert.labels.get('severity', ''))}")]
    limits = [one for one in rule.conditions if one.severity == alert.labels.get("severity", "")]
    series += [threshold_line(values, one.threshold, f"{one.op} {one.severity}") for one in limits]
    summary = f"{rule.measure} of the last two hours until {context.times.minute(window.end)}"
    lane = Lane(unit_of(rule), series, least=max((one.threshold for one in limits), default=0) * 1.2)
    return [time_chart(near, f"alert-{alert.fingerprint}", [lane], height=_HEIGHT, summary=summary)]


def threshold_line(values: "pd.Series[float]", threshold: float, name: str) -> Series:
    """A threshold over the time of values."""
    return Series(name, pd.Series(threshold, index=values.index, dtype="float64"), "$secondary", "threshold")


def _affected(asked: _Asked | None, answers: Mapping[Question, Answer]) -> Component | None:
    if asked is None or asked.affected is None:
        return None
    frame = answers[asked.affected].frame
    affected = [
        f"{name} ({formats.count(errors)})"
        for name, errors in zip(frame["consumer"], frame["errors"], strict=True)
        if str(name) and errors
    ]
    if not affected:
        return None
    more = " and more" if len(affected) > _MOST_AFFECTED else ""
    return html.P([html.Strong("Affected: "), ", ".join(affected[:_MOST_AFFECTED]), more, " by failed requests"])


def _taken(engine: AlertEngine, context: PageContext, alert: Alert, inhibitions: Inhibitions) -> list[Component]:
    """Why nobody is notified again: acknowledged, silenced, or inhibited by another."""
    notifier, reasons = engine.notifier, []
    if (taken := notifier.acknowledgement_of(alert)) is not None:
        note = f": {taken.note}" if taken.note else ""
        reasons.append(f"Acknowledged by {taken.owner} {context.times.minute(taken.acknowledged_at)}{note}")
    if (silence := notifier.silence_of(alert, context.now)) is not None:
        until = f" until {context.times.minute(silence.ends_at)}" if silence.ends_at is not None else ""
        reasons.append(f"Silenced{until} by {silence.created_by}: {silence.comment}")
    if (source := inhibitions.source_of(alert)) is not None:
        reasons.append(f"Inhibited by {source.rule}, which is firing")
    return [html.P(text, className="alert-taken") for text in reasons]


def _buttons(engine: AlertEngine, context: PageContext, alert: Alert, rule: Rule | None) -> Component:
    silence = engine.notifier.silence_of(alert, context.now)
    taken = engine.notifier.acknowledgement_of(alert)
    measure = rule.measure if isinstance(rule, MeasureRule) else ""
    explained = {"measure": measure} if any(one.name == measure for one in EXPLAINED) else {}
    seen = judged(context.view, alert.window).to("/explain").but(filters=filters_of(rule, alert.labels))
    runbook = alert.annotations.get("runbook_url", "")
    return html.Form(
        [
            action("Silence 1 h", "alert-silence", alert.fingerprint)
            if silence is None
            else action("End silence", "silence-expire", silence.id),
            action("Acknowledge" if taken is None else "Save note", "alert-acknowledge", alert.fingerprint)
            if alert.is_firing
            else None,
            html.A(
                "Open API" if alert.labels.get("api") else "Open overview",
                href=api_href(context.view, rule, alert.labels, alert.window),
                className="control",
            ),
            html.A("Explain", href=seen.setting(**explained).href(), className="control"),
            html.A("Runbook", href=runbook, className="control", target="_blank", rel="noopener noreferrer")
            if runbook.startswith(("http://", "https://"))
            else None,
            _note(taken) if alert.is_firing else None,
            fault_place(),
        ],
        className="alert-actions",
        **attributes({"data-form": "alert-silence"}),
    )


def _note(taken: Acknowledgement | None) -> Component:
    """What who takes it writes to others, and whose it is where that is somebody else."""
    note, owner = (taken.note, taken.owner) if taken is not None else ("", "")
    return html.Details(
        [
            html.Summary("Note, owner"),
            html.Label(["Note", dmc.TextInput(name="note", value=note, placeholder="Rolled back; watching")]),
            html.Label(["Owner", dmc.TextInput(name="owner", value=owner, placeholder="you")]),
        ]
    )


def new_rule_link(context: PageContext) -> Component:
    """To the editor of a new rule."""
    return html.A("New rule", href=context.view.to(PATH, NEW).href(), className="control primary")
