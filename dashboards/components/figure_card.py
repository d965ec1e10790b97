"""The large figures at the top of a page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.own import Spark
from dashboards.components.panel_card import help_mark


@dataclass(frozen=True)
class Figure:
    """One figure with its course, and how it differs from the compared period."""

    # As tests and links name it, e.g. 'error_rate'.
    name: str
    label: str
    # A key of dashboards.formats.UNITS.
    unit: str
    value: float | None
    # Of the compared period; None where nothing is known of it.
    before: float | None = None
    # E.g. 'vs previous period'; '' where nothing is compared.
    compared: str = ""
    # True where more is worse, False where more is better, None where it is neither.
    more_is_worse: bool | None = None
    note: str = ""
    help: str = ""
    course: Sequence[float | None] = ()
    course_before: Sequence[float | None] = ()
    tone: str = ""
    href: str = ""
    # More figures of the card, as exact as they are known, for who reads the page by a program: `data-<name>`.
    exact: Mapping[str, float] = field(default_factory=dict)


def figure_cards(figures: Sequence[Figure]) -> Component:
    """A row of them."""
    return html.Div([_card(figure) for figure in figures], className="figures")


def _card(figure: Figure) -> Component:
    exact = {figure.name: math.nan if figure.value is None else figure.value, **figure.exact}
    named = {f"data-{name}": "" if math.isnan(value) else repr(value) for name, value in exact.items()}
    course = [value for value in figure.course if value is not None]
    number = f"figure ink-{figure.tone}"
    return html.Div(
        [
            html.Div(
                [html.Span(figure.label), help_mark(figure.help) if figure.help else None], className="figure-label"
            ),
            html.Div(
                [
                    html.A(formats.show(figure.unit, figure.value), href=figure.href, className=number)
                    if figure.href
                    else html.Span(formats.show(figure.unit, figure.value), className=number),
                    _delta(figure),
                ],
                className="figure-line",
            ),
            html.Div(figure.note, className="figure-note"),
            Spark(
                values=list(figure.course),
                ghost=list(figure.course_before) or None,
                tone=figure.tone or None,
                label=f"{figure.label} over time",
                height=34,
            )
            if course
            else html.Div(className="spark-place"),
        ],
        className="figure-card",
        **attributes(named),
    )


def _delta(figure: Figure) -> Component | None:
    if not figure.compared:
        return None
    if figure.before is None or math.isnan(figure.before) or figure.value is None:
        return html.Span("no comparison", className="delta", title="The comparison period has no data")
    shown = (
        formats.points(figure.value, figure.before)
        if figure.unit == "share"
        else formats.change(figure.value, figure.before)
    )
    tone = "neutral"
    if shown != "no change" and figure.more_is_worse is not None:
        tone = "bad" if (figure.value > figure.before) == figure.more_is_worse else "good"
    return html.Span(f"{shown} {figure.compared}", className=f"delta ink-{tone}")
