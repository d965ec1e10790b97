"""What a rule would have done: its measure with the thresholds, and every page that it would have sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.absent import value_text
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty, notice
from dashboards.components.table import Column, table
from dashboards.design import SERIES
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.pages.alerts.backtests import Backtests
from dashboards.pages.alerts.draft import DRAFT, Fields, threshold_field
from dashboards.pages.alerts.firing import threshold_line
from dashboards.pages.alerts.history_tab import days_choice, days_of
from dashboards.pages.alerts.words import api_href, labels_text, many, severity_cell, spanned, unit_of
from dashboards.state.context import PageContext
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.backtest import Backtest, Page
from processors.alerts.evaluation.incidents import NOISE, Incident
from processors.alerts.rules.kinds.traffic import REQUESTS, MeasureRule, TrafficRule
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.units import show
from processors.query.answer import Answer
from processors.query.question import TIME, Question
from processors.time.durations import show_duration
from processors.time.steps import step_of
from processors.time.window import MINUTE, Window, floor

DAYS = "1"
_HISTORY = timedelta(days=7)
# Of the history, a threshold that is beyond all but so many windows.
_QUANTILES = ((0.99, "p99"), (0.995, "p99.5"), (0.999, "p99.9"))
_LINES = 5
# Of the chart, before steps are put together by their worst.
_POINTS = 1_000
_MOST_GROUPS, _MANY_GROUPS = 1_001, 100
_HEIGHT = 230
_NO_HISTORY = "No threshold can be suggested: no requests match in the last 7 days."


def preview_questions(rule: Rule, context: PageContext) -> list[Question]:
    """Of a rule about traffic: its measure over the days, its groups, and the last week for suggestions."""
    if not isinstance(rule, TrafficRule):
        return []
    window, drawn = _window(context), _drawn(rule)
    groups = replace(rule.question(window, REQUESTS), limit=_MOST_GROUPS)
    course = replace(rule.question(window, drawn, step=_step(rule, window)), limit=_LINES * 4)
    asked = [groups, course]
    if isinstance(rule, MeasureRule) and rule.compares_values:
        week = Window(window.end - _HISTORY, window.end)
        asked.append(replace(rule.question(week, drawn, step=rule.length), limit=_LINES * 4))
    return asked


def draw_preview(
    rule: Rule, fields: Fields, context: PageContext, answers: Sequence[Answer], *, has_threshold: bool
) -> list[Component]:
    """All but the pages."""
    if not isinstance(rule, TrafficRule):
        return [notice("info", "This kind of rule reads the current state and cannot be backtested")]
    parts: list[Component] = [days_choice(context.view, DAYS)]
    parts.append(_chart(rule, context, answers[1].frame, has_threshold=has_threshold))
    if len(answers) > 2 and isinstance(rule, MeasureRule):
        parts.append(_suggestions(rule, fields, context, answers[2].frame))
    parts.append(_groups(rule, answers[0].frame))
    return parts


def draw_pages(
    rule: Rule, definition: str, context: PageContext, backtests: Backtests, engine: AlertEngine
) -> list[Component]:
    """Every page that the rule would have sent."""
    days = days_of(context.view, DAYS)
    found = backtests.of(rule, definition, days)
    if isinstance(found, float):
        return [notice("info", f"Backtesting: {found * 100:.0f} %", html.P("The notifications appear here."))]
    if found.faults:
        return [notice("bad", "The rule cannot be evaluated", html.P(" ".join(found.faults.values())))]
    others = [one for one in engine.incidents(found.window) if one.rule != rule.name]
    return [figure_cards(_figures(found, days)), _pages(rule, context, found, others)]


def _window(context: PageContext) -> Window:
    end = floor(context.now, MINUTE) + MINUTE
    return Window(end - timedelta(days=days_of(context.view, DAYS)), end)


def _drawn(rule: TrafficRule) -> str:
    return rule.measure if isinstance(rule, MeasureRule) else REQUESTS


def _step(rule: TrafficRule, window: Window) -> timedelta:
    return max(rule.length, step_of(window, _POINTS))


def _chart(rule: TrafficRule, context: PageContext, frame: pd.DataFrame, *, has_threshold: bool) -> Component:
    if frame.empty or not frame[REQUESTS].any():
        return empty("No requests match the filters in these days")
    days = days_of(context.view, DAYS)
    near = replace(context, view=context.view.but(start=f"now-{days}d", end="now"), implied=())
    step = max(near.step, rule.length)
    groups = _busiest(rule, frame)
    series = [
        Series(name, _worst(near, part, rule, step), SERIES[place % len(SERIES)])
        for place, (name, part) in enumerate(groups.items())
    ]
    compares = isinstance(rule, MeasureRule) and rule.compares_values
    limits = rule.conditions if has_threshold and compares else ()
    series += [
        threshold_line(series[0].values, one.threshold, f"{one.severity} {rule.op} {show(rule.unit, one.threshold)}")
        for one in limits
    ]
    unit = unit_of(rule) if compares else "count"
    lane = Lane(unit, series, least=max((one.threshold for one in limits), default=0) * 1.2)
    summary = f"{_drawn(rule)} of the last {days} days, the worst of each step, of {', '.join(groups)}"
    return time_chart(near, "rule-preview", [lane], height=_HEIGHT, summary=summary)


def _busiest(rule: TrafficRule, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The groups with the furthest values, by their names."""
    if not rule.by:
        return {_drawn(rule): frame}
    measure, up = _drawn(rule), rule.op in (">", ">=")
    grouped = frame.groupby(list(rule.by), sort=False)
    furthest = grouped[measure].max() if up else grouped[measure].min()
    chosen = furthest.sort_values(ascending=not up).index[:_LINES]
    found = {}
    for key in chosen:
        values = key if isinstance(key, tuple) else (key,)
        fits = pd.Series(True, index=frame.index)
        for name, value in zip(rule.by, values, strict=True):
            fits &= frame[name] == value
        found[", ".join(value_text(name, value) for name, value in zip(rule.by, values, strict=True))] = frame[fits]
    return found


def _worst(context: PageContext, frame: pd.DataFrame, rule: TrafficRule, step: timedelta) -> "pd.Series[float]":
    """An extreme is never averaged away: of each step of the chart, the window that is the furthest."""
    measure = _drawn(rule)
    judged = frame[frame[REQUESTS] >= rule.min_requests]
    if judged.empty:
        return by_step(context, judged, measure, step)
    cut = pd.to_datetime(judged[TIME], utc=True).dt.floor(step)
    grouped = judged.assign(**{TIME: cut}).groupby(TIME)[measure]
    worst = grouped.max() if rule.op in (">", ">=") else grouped.min()
    return by_step(context, worst.reset_index(), measure, step)


def _suggestions(rule: MeasureRule, fields: Fields, context: PageContext, frame: pd.DataFrame) -> Component:
    """Thresholds beyond nearly all windows of the last week, each a link that fills it in."""
    if frame.empty:
        return html.P(_NO_HISTORY)
    values = frame[rule.measure][frame[REQUESTS] >= max(rule.min_requests, 1)].dropna()
    if values.empty:
        return html.P(_NO_HISTORY)
    up = rule.op in (">", ">=")
    severity = next((one.severity for one in rule.conditions), "warning")
    suggested: dict[str, str] = {}
    for share, name in _QUANTILES:
        value = float(f"{values.quantile(share if up else 1 - share):.3g}")
        suggested.setdefault(f"{value:g}", f"{name} {show(rule.unit, value)}")
    plain = context.view.but(more=(), filters=())
    kept = {**fields, DRAFT: "yes", "days": context.view.parameter("days")}
    links = [
        html.A(label, href=plain.setting(**{**kept, threshold_field(severity): value}).href(), className="choice-chip")
        for value, label in suggested.items()
    ]
    windows = f"{many(len(values), 'window')} of {show_duration(rule.length)}"
    lead = f"Suggested {severity} thresholds, from {windows} in 7 days: "
    return html.P([lead, *links], className="suggestions")


def _groups(rule: TrafficRule, frame: pd.DataFrame) -> Component:
    number = len(frame)
    by = ", ".join(rule.by)
    if number > _MANY_GROUPS:
        shown = f"{_MOST_GROUPS - 1:,} or more" if number >= _MOST_GROUPS else f"{number:,}"
        return notice(
            "warning",
            f"{shown} groups by {by}",
            html.P("Each group can alert separately; group by fewer dimensions, or narrow the filters."),
        )
    if not rule.by:
        return html.P("One alert for all requests.", className="hint-text")
    return html.P(f"{many(number, 'group')} by {by}, each with its own alert.", className="hint-text")


def _figures(found: Backtest, days: int) -> list[Figure]:
    end = found.window.end
    noise = found.noise(NOISE)
    longest = max((page.lasts(end).total_seconds() * 1000 for page in found.pages), default=None)
    return [
        Figure("backtest-pages", "Pages", "count", len(found.pages), note=f"in {many(days, 'day')}"),
        Figure("backtest-noise", "Noise", "count", len(noise), note=f"over within {show_duration(NOISE)}"),
        Figure("backtest-longest", "Longest", "ms", longest, note="of one page"),
    ]


def _pages(rule: Rule, context: PageContext, found: Backtest, others: Sequence[Incident]) -> Component:
    noise = found.noise(NOISE)
    rows = [
        {
            "fired": context.times.minute(page.fired_at),
            "lasted": formats.span(page.lasts(found.window.end)) + ("" if page.resolved_at else " so far"),
            "severity": page.labels.get("severity", ""),
            "labels": labels_text(page.labels),
            "worst": show(rule.unit, page.worst),
            "noise": "noise" if page in noise else "",
            "others": ", ".join(_coinciding(page, found, others)),
            "href": api_href(
                context.view, rule, page.labels, spanned(page.fired_at, page.resolved_at or found.window.end)
            ),
        }
        for page in reversed(found.pages)
    ]
    return table(
        context,
        "rule-pages",
        _COLUMNS,
        rows,
        empty="No notifications would have been sent",
        href=lambda row: row["href"],
    )


def _coinciding(page: Page, found: Backtest, others: Sequence[Incident]) -> list[str]:
    """Other rules that fired meanwhile."""
    end = page.resolved_at or found.window.end
    return sorted({one.rule for one in others if one.fired_at < end and one.lasts(end) + one.fired_at > page.fired_at})


_COLUMNS = (
    Column("fired", "Would have fired"),
    Column("lasted", "Lasted", numeric=True),
    Column("severity", "Severity", cell=severity_cell, rank=2),
    Column("labels", "Labels", wraps=True, rank=1),
    Column("worst", "Worst", numeric=True),
    Column("noise", "Noise", cell=lambda row: {"tags": [row["noise"]]} if row["noise"] else "", rank=3),
    Column("others", "Also firing", rank=4, help="Other rules that fired at the same time"),
)
