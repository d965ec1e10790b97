"""Panels: what a page is a list of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dash.development.base_component import Component

from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question

# What a panel shows: a component, or several one below the other.
Drawing = Component | str | None | Sequence["Component | str | None"]


def no_questions(_context: PageContext) -> Sequence[Question]:
    """Of a panel that asks something else, or nothing."""
    return ()


@dataclass(frozen=True)
class Panel:
    """One card of a page: what it asks, and what it makes of the answers.

    All questions of a page are asked together at each refresh, equal ones once; `draw` gets the answers in the order of
    the questions. An error of either is shown in the panel, and the others are drawn.
    """

    # Unique on the page; ids in the page and file names are made from it.
    id: str
    title: str
    draw: Callable[[PageContext, Sequence[Answer]], Drawing]
    questions: Callable[[PageContext], Sequence[Question]] = field(default=no_questions)
    # What the figures mean, next to the title.
    help: str = ""
    # Of twelve columns; on narrow screens all.
    span: int = 12
    # Of the content in pixels, kept before it is there, so that nothing jumps. 0 for as high as it becomes.
    height: int = 0
    # Without card and title, for notices and figures.
    bare: bool = False
    # What an alert that is made from it watches, a name in MEASURES; '' for errors.
    measure: str = ""
    # Drawn by a chart: its panel has a legend, a picture and a table.
    is_chart: bool = False
