"""Needs attention: sentences made of the data, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.absent import NO_API
from dashboards.components.health import TONES
from dashboards.components.icon import icon
from dashboards.components.table import records
from dashboards.notices.empty import nothing_here
from dashboards.notices.first_steps import first_steps
from dashboards.notices.ledger import ledger_notice
from dashboards.notices.pipeline import trouble_list
from dashboards.notices.unparsed import few_unparsed, unparsed_notice
from dashboards.pages.shared.alert_order import by_need
from dashboards.pages.shared.api_rows import PATH
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.site.alert_marks import tone_of
from dashboards.state.context import PageContext
from dashboards.state.times import address_time
from processors.alerts.evaluation.state import Alert
from processors.health.incidents import Incident, rows_of, worst_incident
from processors.health.judgement import RANKS, Health, Judgement, judge
from processors.ingest.pipeline import troubles
from processors.ingest.records import last_request, unparsed_counts
from processors.query.answer import Answer
from processors.query.filters import Filter, Operator
from processors.query.question import BEFORE, Question

_GROUPS = ("api", "version")
# How many APIs are looked at step by step, how many are listed, and how many of those at once.
_LOOKED_AT, _MOST, _SHOWN = 20, 12, 3
_CAUSES = {
    "fault_backend": "the backend's fault",
    "fault_policy": "by a policy",
    "fault_config": "a configuration fault",
    "fault_client": "the clients' fault",
}
_ERRORS = Filter("status_class", Operator.IN, ("5xx", "other"))


def attention_panel(parts: PageParts) -> Panel:
    """What is broken, whose fault it is, who is affected, since when; one green line where all is quiet."""

    def ask(context: PageContext) -> Sequence[Question]:
        return (
            context.by_period.question(
                "requests", "errors", "error_rate", "p95", by=_GROUPS, compare=True, order="-errors", limit=50
            ),
            context.question(
                "requests", "errors", *_CAUSES, by=_GROUPS, over_time=True, order="-errors", limit=_LOOKED_AT
            ),
        )

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        totals, course = (answer.frame for answer in answers)
        pipeline = parts.pipeline()
        content: list[Component | None] = [*ledger_notice(pipeline.ledger_fault, context.view)]
        environment = "".join(context.view.values_of("environment")[:1])
        unparsed = unparsed_counts(parts.store, context.window, environment)
        parsed = int(totals["requests"].sum()) if not totals.empty else 0
        content.append(unparsed_notice(unparsed, context.view, parsed))
        others = [one for one in troubles(pipeline) if one.kind != "ledger"]
        content.append(trouble_list([*others, *few_unparsed(unparsed, parsed)], context.view))
        firing = [alert for alert in by_need(parts.engine, context.now) if alert.is_firing]
        content.append(_alerts(context, firing) if firing else None)
        if totals.empty or not totals["requests"].any():
            newest = last_request(parts.store)
            content.append(first_steps(parts.settings) if newest is None else nothing_here(context, newest))
            return content
        found = _troubles(context, totals, course)
        # Not while alerts fire: a green line below would be taken for their end.
        if found or not firing:
            content.append(_sentences(context, found, parts))
        return content

    return Panel("attention", "Needs attention", draw, ask, bare=True, height=44)


def _alerts(context: PageContext, firing: Sequence[Alert]) -> Component:
    """How many alerts fire, and what the one that needs somebody most says."""
    first = firing[0]
    tone = tone_of(first.labels.get("severity", ""))
    count = f"{len(firing)} alert{'s' if len(firing) > 1 else ''} firing"
    since = context.times.minute(first.fired_at or first.active_at)
    line = html.Li(
        [
            icon("alert-circle" if tone == "bad" else "alert-triangle"),
            html.Span([html.Strong(count), f": {first.annotations.get('summary', first.rule)}, since {since}"]),
            html.A("Alerts →", href=context.view.to("/alerts").href(), className="to-requests"),
        ],
        className=f"tone-{tone}",
    )
    return html.Div(html.Ul(line), className="attention-list", id="alerts-firing-now")


@dataclass(frozen=True)
class _Trouble:
    """What is wrong with a version of an API: it fails now or failed for a while, or is slow."""

    row: dict[str, Any]
    judged: Judgement
    incident: Incident | None
    cause: str

    @property
    def rank(self) -> tuple[bool, int, bool, float]:
        """What lasts first, then by health; what began in the range before what has always been so, then by errors."""
        is_past = self.incident is not None and not self.incident.is_open
        is_old = self.incident is not None and self.incident.is_whole
        return is_past, RANKS[self.judged.health], is_old, -self.row["errors"]


def _troubles(context: PageContext, totals: pd.DataFrame, course: pd.DataFrame) -> list[_Trouble]:
    """The worst first."""
    courses = dict(iter(course.groupby(list(_GROUPS), sort=False))) if not course.empty else {}
    # Of a range that is over, what lasted until its end is what it is about.
    as_of = min(context.now, context.window.end)
    found = []
    for row in records(totals):
        judged = judge(row["requests"], row["error_rate"], row["p95"], row[f"p95{BEFORE}"])
        mine = courses.get((row["api"], row["version"]))
        incident = None if mine is None else worst_incident(mine, context.step, as_of)
        if incident is not None and incident.is_open:
            judged = Judgement(Health.BAD, True, judged.is_slow)
        if incident is not None or judged.health in (Health.BAD, Health.WARNING):
            found.append(_Trouble(row, judged, incident, _cause(mine, incident)))
    return sorted(found, key=lambda trouble: trouble.rank)[:_MOST]


def _cause(course: pd.DataFrame | None, incident: Incident | None) -> str:
    """Whose fault most of the errors were; '' where nobody says."""
    if course is None:
        return ""
    rows = course if incident is None else rows_of(course, incident)
    name, errors = max(((name, rows[name].sum()) for name in _CAUSES), key=lambda pair: pair[1])
    return _CAUSES[name] if errors else ""


def _sentences(context: PageContext, troubles: Sequence[_Trouble], parts: PageParts) -> Component:
    if not troubles:
        return html.Div([icon("circle-check"), "All APIs are healthy in this range"], className="attention tone-good")
    affected = _affected(context, troubles, parts)
    sentences = [_sentence(context, trouble, affected) for trouble in troubles]
    shown, more = html.Ul(sentences[:_SHOWN]), sentences[_SHOWN:]
    if not more:
        return html.Div(shown, className="attention-list")
    return html.Div(
        [shown, html.Details([html.Summary(f"{len(more)} more"), html.Ul(more)])], className="attention-list"
    )


def _affected(context: PageContext, troubles: Sequence[_Trouble], parts: PageParts) -> dict[tuple[str, str], int]:
    """How many consumers met an error, of each API and version that fails."""
    names = tuple(sorted({trouble.row["api"] for trouble in troubles if trouble.row["errors"]}))
    if not names:
        return {}
    filters = (Filter("api", Operator.IN, names),)
    frame = parts.questions.ask(context.question("failed_consumers", by=_GROUPS, filters=filters, limit=50)).frame
    return {(row["api"], row["version"]): row["failed_consumers"] for row in records(frame)}


def _sentence(context: PageContext, trouble: _Trouble, affected: dict[tuple[str, str], int]) -> Component:
    row, incident = trouble.row, trouble.incident
    name = " ".join(part for part in (row["api"] or NO_API, row["version"]) if part)
    fails = incident is not None or trouble.judged.is_failing
    parts = []
    if fails:
        parts += [_failing(context, trouble), trouble.cause]
        consumers = affected.get((row["api"], row["version"]), 0)
        parts.append(f"{consumers} consumer{'s' if consumers > 1 else ''} affected" if consumers else "")
    if trouble.judged.is_slow:
        parts.append(f"p95 {formats.show('ms', row['p95'])}, was {formats.show('ms', row[f'p95{BEFORE}'])}")
    count = incident.errors if incident else row["errors"] if fails else row["requests"]
    requests = f"{formats.show('count', count)} {'failed ' if fails else ''}request{'s' if count != 1 else ''} →"
    tone = TONES[trouble.judged.health] if not incident or incident.is_open else "warning"
    return html.Li(
        [
            icon("alert-circle" if tone == "bad" else "alert-triangle"),
            html.Span(
                [
                    html.A(name, href=context.view.to(PATH, row["api"] or NO_API).href()),
                    f": {', '.join(part for part in parts if part)}",
                ]
            ),
            html.A(requests, href=_requests(context, trouble, fails=fails), className="to-requests"),
        ],
        className=f"tone-{tone}",
    )


def _failing(context: PageContext, trouble: _Trouble) -> str:
    """How much, and since when or from when to when."""
    incident, times = trouble.incident, context.times
    if incident is None:
        return f"{formats.show('share', trouble.row['error_rate'])} failing"
    share = formats.show("share", incident.error_rate)
    if incident.is_whole:
        return f"{share} failing throughout this range"
    if incident.is_open:
        return f"{share} failing since {times.minute(incident.start)}"
    return f"{share} failed {times.between(incident.start, incident.end)}"


def _requests(context: PageContext, trouble: _Trouble, *, fails: bool) -> str:
    """The requests that a sentence is about."""
    row, incident = trouble.row, trouble.incident
    view = context.view.to("/requests").only("api", row["api"])
    if row["version"]:
        view = view.only("version", row["version"])
    if fails:
        view = view.with_filter(_ERRORS)
    if incident is not None and not incident.is_whole:
        end = context.view.end if incident.is_open else address_time(incident.end)
        view = view.but(start=address_time(incident.start), end=end)
    return view.href()
