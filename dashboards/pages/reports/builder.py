"""The two panels in which a report is put together: period and filters by a form, dimensions and files by links."""

from collections.abc import Sequence
from dataclasses import replace

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.icon import icon
from dashboards.pages.reports.choice import DEFAULT_START, FILTERS, ReportChoice, report_choice
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.absent import NO_ROUTE
from processors.query.answer import Answer
from processors.query.question import Question
from processors.reports.dimensions import DIMENSIONS
from processors.reports.renderers import RENDERERS

_PERIODS = (
    ("This month", DEFAULT_START, ""),
    ("Last month", "last-month", ""),
    ("Yesterday", "yesterday", ""),
    ("Last 7 days", "now-7d", ""),
    ("Last 30 days", "now-30d", ""),
)
# The commonest values of each filter.
_OFFERED = 500
_FORMATS = {"csv": "CSV", "xlsx": "Excel", "json": "JSON"}
_LABELS = {"environment": "Environment", "gateway": "Gateway", "api": "API", "consumer": "Consumer"}


def builder_panels(form: str) -> tuple[Panel, Panel]:
    """`form` is the name in Page.forms."""
    return _period(form), _file()


def _period(form: str) -> Panel:
    def questions(context: PageContext) -> Sequence[Question]:
        total = report_choice(context.view).total(context.now).but(measures=("requests",), filters=())
        return [total.but(dimensions=(name,), limit=_OFFERED) for name in FILTERS]

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        choice = report_choice(context.view)
        presets = [_preset(choice, context.view, *period) for period in _PERIODS]
        offered = {
            name: [str(value) or NO_ROUTE for value in answer.frame[name] if str(value) or name == "api"]
            for name, answer in zip(FILTERS, answers, strict=True)
        }
        return [html.Div(presets, className="choice-chips"), _form(form, choice, offered)]

    hint = "In UTC. A month, or yesterday, is covered in full; anything else runs until To, or until now"
    return Panel("report-period", "Period and filters", draw, questions, help=hint, span=4, height=390)


def _form(form: str, choice: ReportChoice, offered: dict[str, list[str]]) -> Component:
    return html.Form(
        [
            html.Div(
                [
                    html.Label(["From", dmc.TextInput(name="from", value=choice.start, size="sm")]),
                    html.Label(["To", dmc.TextInput(name="to", value=choice.end, size="sm", placeholder="now")]),
                ],
                className="report-edges",
            ),
            *(_select(name, choice.filters.get(name, ""), offered[name]) for name in FILTERS),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Apply", size="sm", attributes={"root": {"type": "submit"}}),
            html.P("E.g. 2026-05, 2026-05-01, 2026-05-01T13:00, now-7d, today, last-month.", className="hint-text"),
        ],
        className="filter-form report-form",
        **attributes({"data-form": form}),
    )


def _select(name: str, chosen: str, offered: Sequence[str]) -> Component:
    values = [chosen, *offered] if chosen and chosen not in offered else offered
    options = [html.Option("All", value="", selected=not chosen)]
    options += [html.Option(value, value=value, selected=value == chosen) for value in values]
    # Another key is another field, which shows what the address says and not what was chosen in it before.
    return html.Label([_LABELS[name], html.Select(options, name=name, key=f"{name}-{chosen}")])


def _file() -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        choice = report_choice(context.view)
        command = choice.command("csv")
        return [
            html.H3("A row for each"),
            html.Div(_chosen(choice, context.view), className="choice-chips", role="list"),
            html.H3("Add"),
            html.Div(_addable(choice, context.view), className="choice-chips"),
            html.H3("Download"),
            html.Div(
                [
                    html.A(
                        [icon("download", 16), _FORMATS.get(known.name, known.name)],
                        href=choice.file(known.name),
                        download="",
                        className="control",
                    )
                    for known in RENDERERS
                ],
                className="choice-chips",
            ),
            html.H3("On the command line"),
            html.Div(
                [
                    html.Code(command, id="report-command"),
                    html.Button(
                        [icon("copy", 16), html.Span("Copy")],
                        type="button",
                        className="quiet",
                        **attributes({"data-copy": command, "aria-label": "Copy the command"}),
                    ),
                ],
                className="command",
            ),
        ]

    hint = (
        "The file is sorted by these, in this order. By consumer, route, method and status it reaches back as far as "
        "requests are kept"
    )
    return Panel("report-file", "Rows and file", draw, help=hint, span=8, height=390)


def _chosen(choice: ReportChoice, view: View) -> list[Component]:
    return [_dimension(choice, view, place) for place in range(len(choice.by))]


def _dimension(choice: ReportChoice, view: View, place: int) -> Component:
    name, by = choice.by[place], choice.by
    without = (*by[:place], *by[place + 1 :])
    parts: list[Component | str] = [html.Span(_worded(name))]
    if place:
        earlier = (*by[: place - 1], name, by[place - 1], *by[place + 1 :])
        parts.insert(0, _step("chevron-left", f"Move {_worded(name)} forward", replace(choice, by=earlier).put(view)))
    if without:
        parts.append(_step("x", f"Remove {_worded(name)}", replace(choice, by=without).put(view)))
    return html.Span(parts, className="dimension-chip", role="listitem")


def _step(drawn: str, name: str, to: View) -> Component:
    return html.A(icon(drawn, 14), href=to.href(), title=name, **attributes({"aria-label": name}))


def _addable(choice: ReportChoice, view: View) -> list[Component]:
    return [
        html.A(
            f"+ {_worded(dimension.name)}",
            href=replace(choice, by=(*choice.by, dimension.name)).put(view).href(),
            className="choice-chip",
        )
        for dimension in DIMENSIONS
        if dimension.name not in choice.by
    ]


def _worded(name: str) -> str:
    return name.replace("_", " ").replace("api", "API")


def _preset(choice: ReportChoice, view: View, label: str, start: str, end: str) -> Component:
    is_on = (choice.start, choice.end) == (start, end)
    return html.A(
        label,
        href=replace(choice, start=start, end=end).put(view).href(),
        className="choice-chip",
        **attributes({"aria-current": "true"} if is_on else {}),
    )
