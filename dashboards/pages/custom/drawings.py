"""The panels of a custom dashboard: what a definition asks, and how its answer is drawn."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from dashboards import formats
from dashboards.absent import value_text
from dashboards.components.dimension_label import dimension_label
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.design import SERIES
from dashboards.figures.time_chart import Lane, Series, by_step, plain, time_chart
from dashboards.pages.shared.breakdowns import narrowed
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from processors.custom_dashboards.definition import PanelDefinition
from processors.query.answer import Answer
from processors.query.filters import parse_filter
from processors.query.measures import Unit, measure
from processors.query.question import BEFORE, TIME, Question

_HEIGHT = 240
_LANE = 130
_FIGURE_HEIGHT = 118
_ROWS = 20
# More points could not be distinguished.
_MOST_STEPS = 2_000

_UNITS: Mapping[Unit, str] = {
    Unit.COUNT: "count",
    Unit.CONSUMERS: "count",
    Unit.PER_SECOND: "rate",
    Unit.SHARE: "share",
    Unit.MILLISECONDS: "ms",
    Unit.SCORE: "score",
    Unit.BYTES: "bytes",
}


def defined_panel(number: int, definition: PanelDefinition) -> Panel:
    """A panel of the page; `number` is its place on it."""
    identity = f"panel-{number}"
    asks, draws, height = {
        "figure": (_ask_figure, _figures, _FIGURE_HEIGHT),
        "time_chart": (_ask_over_time, _time_chart, _chart_height(definition)),
        "table": (_ask_groups, _table, _HEIGHT),
        "bars": (_ask_groups, _bars, _HEIGHT),
    }[definition.draw]

    def ask(context: PageContext) -> Sequence[Question]:
        return asks(context, identity, definition)

    def draw(context: PageContext, answers: Sequence[Answer]) -> Drawing:
        return draws(context, identity, definition, answers)

    return Panel(
        identity,
        definition.title,
        draw,
        ask,
        span=definition.width,
        height=height,
        is_chart=definition.draw == "time_chart",
    )


def _ask_figure(context: PageContext, _panel: str, wanted: PanelDefinition) -> Sequence[Question]:
    filters = tuple(map(parse_filter, wanted.filters))
    return (
        context.question(*wanted.measures, filters=filters, compare=True),
        context.question(*wanted.measures, filters=filters, over_time=True),
    )


def _figures(context: PageContext, _panel: str, wanted: PanelDefinition, answers: Sequence[Answer]) -> Drawing:
    whole, course = (answer.frame for answer in answers)
    return figure_cards(
        [
            Figure(
                name,
                measure(name).title,
                unit_of(name),
                _value(whole, name),
                before=_value(whole, f"{name}{BEFORE}"),
                compared=context.compared_short,
                course=plain(by_step(context, course, name)),
            )
            for name in wanted.measures
        ]
    )


def _ask_over_time(context: PageContext, _panel: str, wanted: PanelDefinition) -> Sequence[Question]:
    return (
        _stepped(context, wanted).question(
            *wanted.measures,
            by=wanted.by,
            over_time=True,
            filters=tuple(map(parse_filter, wanted.filters)),
            order=wanted.order,
            limit=(wanted.limit or len(SERIES)) if wanted.by else None,
        ),
    )


def _time_chart(context: PageContext, panel: str, wanted: PanelDefinition, answers: Sequence[Answer]) -> Drawing:
    frame = answers[0].frame
    if frame.empty:
        return empty()
    stepped = _stepped(context, wanted)
    lines = list(_groups(frame, wanted.by).items())
    lanes = []
    colour = 0
    for unit, names in _by_unit(wanted.measures).items():
        series = []
        for name in names:
            for group, rows in lines:
                label = " · ".join(filter(None, (group, measure(name).title if len(names) > 1 or not group else "")))
                series.append(Series(label, by_step(stepped, rows, name), SERIES[colour % len(SERIES)]))
                colour += 1
        lanes.append(Lane(unit, series, title=", ".join(measure(name).title for name in names)))
    shown = ", ".join(measure(name).title for name in wanted.measures)
    return time_chart(stepped, panel, lanes, height=_chart_height(wanted), summary=f"{wanted.title}: {shown} over time")


def _ask_groups(context: PageContext, panel: str, wanted: PanelDefinition) -> Sequence[Question]:
    return (
        context.question(
            *wanted.measures,
            by=wanted.by,
            filters=tuple(map(parse_filter, wanted.filters)),
            order=context.sort(panel, _default_order(wanted)),
            limit=wanted.limit or _ROWS,
        ),
    )


def _table(context: PageContext, panel: str, wanted: PanelDefinition, answers: Sequence[Answer]) -> Drawing:
    return _rows(context, panel, wanted, answers, _measured)


def _bars(context: PageContext, panel: str, wanted: PanelDefinition, answers: Sequence[Answer]) -> Drawing:
    return _rows(context, panel, wanted, answers, lambda name: _barred(name, answers[0].frame[name]))


def _rows(
    context: PageContext,
    panel: str,
    wanted: PanelDefinition,
    answers: Sequence[Answer],
    column: Callable[[str], Column],
) -> Drawing:
    columns = [*map(_named, wanted.by), *map(column, wanted.measures)]
    lead = narrowed(wanted.by, "/requests")
    return table(
        context,
        panel,
        columns,
        records(answers[0].frame),
        default_sort=_default_order(wanted),
        href=lambda row: lead(context, row),
        empty="No requests in this range",
        page=15,
    )


def _named(name: str) -> Column:
    def cell(row: Row) -> Cell:
        return {"text": value_text(name, row[name]), "strong": True}

    return Column(name, dimension_label(name), cell=cell, sort=name)


def _measured(name: str) -> Column:
    return Column(name, measure(name).title, unit_of(name), sort=name, help=measure(name).description)


def _barred(name: str, values: "pd.Series[float]") -> Column:
    most = float(values.max()) if len(values) else 0.0

    def cell(row: Row) -> Cell:
        value = float(row[name])
        share = value / most if most > 0 and not math.isnan(value) else 0.0
        return {"text": formats.show(unit_of(name), value), "bar": share, "tone": "accent"}

    return Column(name, measure(name).title, cell=cell, sort=name, numeric=True, help=measure(name).description)


def unit_of(name: str) -> str:
    """The unit of a measure as a key of dashboards.formats.UNITS."""
    return _UNITS[measure(name).unit]


def _default_order(wanted: PanelDefinition) -> str:
    return wanted.order or f"-{wanted.measures[0]}"


def _stepped(context: PageContext, wanted: PanelDefinition) -> PageContext:
    """The context with the step of the definition, where the range has not too many of it."""
    if wanted.step is None or context.window.length / wanted.step > _MOST_STEPS:
        return context
    return replace(context, own_step=wanted.step)


def _by_unit(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(unit_of(name), []).append(name)
    return found


def _chart_height(wanted: PanelDefinition) -> int:
    return max(_HEIGHT, _LANE * len(_by_unit(wanted.measures)))


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The rows of each group by its values; those of all together under ''."""
    if not by:
        return {"": frame}
    words = {name: [value_text(name, value) for value in frame[name]] for name in by}
    names = pd.DataFrame(words, index=frame.index).agg(" · ".join, axis=1)
    return {str(name): rows.sort_values(TIME) for name, rows in frame.groupby(names, sort=False)}


def _value(frame: pd.DataFrame, column: str) -> float | None:
    if frame.empty or column not in frame or pd.isna(frame[column].iloc[0]):
        return None
    return float(frame[column].iloc[0])
