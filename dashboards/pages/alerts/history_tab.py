"""What fired: a strip of states for each rule, how soon people were there, what flaps, and who offends most."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty
from dashboards.components.table import Column, Row, table
from dashboards.pages.alerts.words import PATH, api_href, labels_text, rule_href, severity_cell, spanned, state_cell
from dashboards.panel import Drawing, Panel
from dashboards.site.alert_marks import tone_of
from dashboards.state.context import PageContext
from dashboards.state.once import Once
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.incidents import Incident, flapping
from processors.query.answer import Answer
from processors.time.window import Window

DAYS = ("1", "3", "7", "14", "30")
_DEFAULT = "7"
# A period is at least so wide, in percent, or it would not be seen.
_LEAST_WIDTH = 0.35
_LISTED = 500


def days_of(view: View, default: str = _DEFAULT) -> int:
    """How many days back the address asks to look."""
    return int(view.parameter("days")) if view.parameter("days") in DAYS else int(default)


def days_choice(view: View, default: str = _DEFAULT) -> Component:
    """Links to other numbers of days."""
    chosen = str(days_of(view, default))
    return html.Nav(
        [
            html.A(
                "1 day" if days == "1" else f"{days} days",
                href=view.setting(days=days).href(),
                **attributes({"aria-current": "true"} if days == chosen else {}),
            )
            for days in DAYS
        ],
        className="segments",
        **attributes({"aria-label": "How far back"}),
    )


def history_panels(engine: AlertEngine) -> tuple[Panel, ...]:
    """All from one reading of the history; of one rule where the address names one."""

    def read(context: PageContext) -> Sequence[Incident]:
        wanted = context.view.parameter("rule")
        return [one for one in engine.incidents(_window(context)) if not wanted or one.rule == wanted]

    found = Once(read)

    def strips(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return [days_choice(context.view), figure_cards(_figures(found(context), context.now)),
                _strips(context, found(context))]  # fmt: skip

    def offenders(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = _offenders(found(context), context.now)
        return table(
            context,
            "alerts-offenders",
            _OFFENDERS,
            rows,
            empty="Nothing fired",
            href=lambda row: rule_href(context.view, row["rule"]),
        )

    def listed(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [_row(engine, one, context) for one in reversed(found(context)[-_LISTED:])]
        return table(context, "alerts-history", _HISTORY, rows, empty="Nothing fired", href=lambda row: row["href"])

    return (
        Panel("alerts-strips", "States by rule", strips, height=160),
        Panel("alerts-offenders", "Noisiest rules", offenders, height=80),
        Panel("alerts-history", "History", listed, height=80),
    )


def _window(context: PageContext) -> Window:
    return spanned(context.now - timedelta(days=days_of(context.view)), context.now)


def _figures(found: Sequence[Incident], now: datetime) -> list[Figure]:
    flaps = flapping(found)
    return [
        Figure("pages", "Pages", "count", len(found), note=f"{sum(one.is_noise for one in found)} of them noise"),
        Figure(
            "acknowledged", "Time to acknowledge", "ms", _mean_ms(_taken(found)), note="mean, of those acknowledged"
        ),
        Figure("resolved", "Time to resolve", "ms", _mean_ms(_over(found, now)), note="mean of resolved alerts"),
        Figure("flapping", "Flapping", "count", len(flaps), note="alerts that fired 3 times within an hour"),
    ]


def _strips(context: PageContext, found: Sequence[Incident]) -> Component:
    if not found:
        return empty("No alerts fired in this period")
    window, by_rule = _window(context), defaultdict(list)
    for one in found:
        by_rule[one.rule].append(one)
    rows = [
        html.Div(
            [
                html.A(rule, href=rule_href(context.view, rule), className="strip-name"),
                html.Div([_period(one, window, context) for one in of_rule], className="strip-line"),
            ],
            className="strip",
        )
        for rule, of_rule in sorted(by_rule.items(), key=lambda pair: -len(pair[1]))
    ]
    edges = html.Div(
        [html.Span(context.times.minute(window.start)), html.Span("now")], className="strip-edges hint-text"
    )
    return html.Div([*rows, edges], className="strips")


def _period(one: Incident, window: Window, context: PageContext) -> Component:
    start, end = max(one.fired_at, window.start), one.resolved_at or context.now
    left = (start - window.start) / window.length * 100
    width = max(_LEAST_WIDTH, (end - start) / window.length * 100)
    label = f"{one.severity} {labels_text(one.labels)}, {context.times.between(start, end)}"
    place = {"left": f"{min(left, 100 - width):.3f}%", "width": f"{width:.3f}%"}
    return html.I(
        className=f"tone-{tone_of(one.severity)}", style=place, title=label, role="img",
        **attributes({"aria-label": label}),
    )  # fmt: skip


def _offenders(found: Sequence[Incident], now: datetime) -> list[dict[str, Any]]:
    flaps, by_rule = flapping(found), defaultdict(list)
    for one in found:
        by_rule[one.rule].append(one)
    rows = [
        {
            "key": rule,
            "rule": rule,
            "pages": len(of_rule),
            "noise": sum(one.is_noise for one in of_rule),
            "firing": sum((one.lasts(now).total_seconds() * 1000 for one in of_rule), 0.0),
            "acknowledged": _mean_ms(_taken(of_rule)),
            "resolved": _mean_ms(_over(of_rule, now)),
            "flapping": sum(name == rule for name, _ in flaps),
        }
        for rule, of_rule in by_rule.items()
    ]
    return sorted(rows, key=lambda row: (-int(str(row["pages"])), str(row["rule"])))


def _row(engine: AlertEngine, one: Incident, context: PageContext) -> dict[str, Any]:
    window = spanned(one.fired_at, one.resolved_at or context.now)
    rule = engine.source.current.rules.get(one.rule)
    return {
        "rule": one.rule,
        "state": "resolved" if one.resolved_at is not None else "firing",
        "severity": one.severity,
        "labels": labels_text(one.labels),
        "fired": context.times.second(one.fired_at),
        "lasted": formats.span(one.lasts(context.now)),
        "owner": one.owner,
        "noise": {"tags": ["noise"]} if one.is_noise else "",
        "href": api_href(context.view, rule, one.labels, window),
    }


def _taken(found: Sequence[Incident]) -> list[timedelta]:
    return [one.acknowledged_at - one.fired_at for one in found if one.acknowledged_at is not None]


def _over(found: Sequence[Incident], now: datetime) -> list[timedelta]:
    return [one.lasts(now) for one in found if one.resolved_at is not None]


def _mean_ms(lengths: Sequence[timedelta]) -> float | None:
    return mean(one.total_seconds() * 1000 for one in lengths) if lengths else None


def history_href(view: View, rule: str) -> str:
    """The history of one rule."""
    return view.to(PATH, tab="history").setting(rule=rule).href()


def _noise(row: Row) -> Mapping[str, Any] | str:
    found: Mapping[str, Any] | str = row["noise"]
    return found


_OFFENDERS = (
    Column("rule", "Rule"),
    Column("pages", "Pages", "count"),
    Column("noise", "Noise", "count"),
    Column("firing", "Fired for", "ms", rank=1),
    Column("acknowledged", "Time to acknowledge", "ms", rank=2),
    Column("resolved", "Time to resolve", "ms", rank=2),
    Column("flapping", "Flapping", "count", rank=3),
)
_HISTORY = (
    Column("rule", "Alert"),
    Column("state", "State", cell=state_cell),
    Column("severity", "Severity", cell=severity_cell, rank=2),
    Column("labels", "Labels", wraps=True),
    Column("fired", "Fired"),
    Column("lasted", "Lasted", numeric=True),
    Column("owner", "Acknowledged by", rank=3),
    Column("noise", "", cell=_noise, rank=3),
)
