"""Why a measure changed: which values of which dimensions carry the change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.dimension_label import dimension_label
from dashboards.components.notice import notice
from dashboards.components.table import Cell, Column, Row, table
from dashboards.notices.kept import partly_known
from dashboards.page import Group, Page
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.comparison import COMPARISONS, label_of, shift_of
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.explain.explain import explain
from processors.explain.explanation import Cause, ChangeQuestion, Explanation
from processors.explain.measures import MEASURES, explained_measure
from processors.explain.sentences import sentence, summary
from processors.ingest.records import oldest_record
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.time.window import MINUTE, Window, floor

PATH = "/explain"

_MEASURE = "measure"
# Of the last readers and their filters.
_REMEMBERED = 32
_LABELS: Mapping[str, str] = {
    "errors": "Errors",
    "error_rate": "Error rate",
    "client_errors": "Client errors",
    "client_error_rate": "Client error rate",
    "mean": "Latency mean",
    "p95": "Latency p95",
    "requests": "Requests",
}


def page(parts: PageParts) -> Page:
    """The choice of a measure, what changed in a sentence, and every cause as a row that leads to its requests."""

    causes = _causes(parts)

    def everything(view: View) -> Sequence[Panel]:
        return (_choice(_chosen(view)), causes)

    return Page(PATH, "Explain", "zoom-question", Group.INVESTIGATE, panels=everything)


def _chosen(view: View) -> str:
    name = view.parameter(_MEASURE)
    return name if name in _LABELS else MEASURES[0].name


def _choice(chosen: str) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        links = [
            html.A(
                _LABELS[measure.name],
                href=context.view.setting(measure=measure.name).href(),
                **attributes({"aria-current": "true"} if measure.name == chosen else {}),
            )
            for measure in MEASURES
        ]
        return html.Nav(links, className="segments", **attributes({"aria-label": "What changed"}))

    return Panel("explain-measure", "What changed", draw, bare=True)


def _causes(parts: PageParts) -> Panel:
    # It reads single requests, which is too much for each refresh: a minute's answer is given again.
    @lru_cache(maxsize=_REMEMBERED)
    def explained(question: ChangeQuestion, _minute: datetime) -> Explanation:
        return explain(parts.store, parts.questions, question)

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        question = _question(context)
        explanation = explained(question, floor(context.now, MINUTE))
        rows = [_row(explanation, cause) for cause in explanation.causes]
        nothing = "No value accounts for more of the change than chance would"
        compared = f"Compared with {_baseline(context)}.{_sampled(explanation)}"
        oldest = oldest_record(parts.store, "requests") if context.against is None else None
        known = partly_known(context, question.baseline, oldest)
        return [
            notice("info", summary(explanation), html.P(f"{compared} {known}".rstrip())),
            table(context, "causes", _columns(context), rows, href=lambda row: _href(context, row), empty=nothing),
        ]

    return Panel(
        "causes",
        "Causes",
        draw,
        help="The most surprising first. An echo contributes only through requests of the causes above it; a symptom"
        " shows how requests fail. A row filters the page by its requests",
    )


def _question(context: PageContext) -> ChangeQuestion:
    window = context.window
    # Where nothing is compared, a change still needs something to be a change from.
    shift = shift_of(context.compared, window) or window.length
    baseline = window if context.against is not None else Window(window.start - shift, window.end - shift)
    measure = explained_measure(_chosen(context.view))
    filters = (*context.view.filters, *context.implied)
    return ChangeQuestion(measure, window, baseline, filters, context.against)


def _baseline(context: PageContext) -> str:
    if context.against is not None:
        return f"{label_of(context.compared)} of the same time"
    found = COMPARISONS.get(context.compared, COMPARISONS["previous"])
    return f"the {found.label[0].lower()}{found.label[1:]}"


def _sampled(explanation: Explanation) -> str:
    every = explanation.sampled
    return "" if every == 1 else f" Estimated from one in {every} requests."


def _row(explanation: Explanation, cause: Cause) -> Row:
    return {
        "kind": "symptom" if cause.is_symptom else "echo" if cause.is_echo else "cause",
        "what": _words(_pairs(cause)),
        "contribution": cause.contribution,
        "before": explanation.level(cause.sums, after=False),
        "after": explanation.level(cause.sums, after=True),
        "unit": _unit(explanation),
        "sentence": sentence(explanation, cause),
        "same": _words(cause.same_as),
        "pairs": _pairs(cause),
    }


def _words(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{dimension_label(name)} {value or '(none)'}" for name, value in pairs)


def _pairs(cause: Cause) -> list[tuple[str, str]]:
    return list(zip(cause.dimensions, cause.values, strict=True))


def _unit(explanation: Explanation) -> str:
    measure = explanation.question.measure
    if measure.name == "mean":
        return "ms"
    return "share" if measure.is_ratio else "count"


def _href(context: PageContext, row: Row) -> str:
    narrowed = context.view
    for dimension, value in row["pairs"]:
        narrowed = narrowed.with_filter(Filter(dimension, values=(value,)))
    return narrowed.href()


def _kind(row: Row) -> Cell:
    tones = {"cause": "bad", "echo": "neutral", "symptom": "info"}
    return {"glyph": True, "tone": tones[str(row["kind"])], "text": str(row["kind"])}


def _contribution(row: Row) -> Cell:
    share = float(row["contribution"])
    return {"text": formats.show("share", share), "bar": min(1.0, share)}


def _columns(context: PageContext) -> Sequence[Column]:
    other = label_of(context.compared)
    before, after = ("Before", "After") if context.against is None else (f"{other[0].upper()}{other[1:]}", "Here")
    return (
        Column(
            "what", "Where", cell=lambda row: {"text": str(row["what"]), "title": str(row["sentence"]), "strong": True}
        ),
        Column("kind", "Kind", cell=_kind),
        Column("contribution", "Share of change", cell=_contribution, numeric=True),
        Column("before", before, cell=lambda row: formats.show(str(row["unit"]), row["before"]), numeric=True, rank=1),
        Column("after", after, cell=lambda row: formats.show(str(row["unit"]), row["after"]), numeric=True),
        Column("same", "The same requests", rank=2),
    )
