"""Copying a panel of any page to a dashboard: what it asks becomes a definition."""

from collections.abc import Sequence

from pydantic import ValidationError

from dashboards.panel import Panel
from dashboards.state.context import PageContext
from processors.custom_dashboards.definition import PanelDefinition
from processors.query.question import Question
from storage.errors import GatelensError


def definition_of(panel: Panel, context: PageContext) -> PanelDefinition | None:
    """What a panel would be on a dashboard; None where it does not ask exactly one question, or one that none draws.

    Filters of the context bar are left out, for a dashboard has its own; those of the page's path stay.
    """
    try:
        questions = panel.questions(context)
    except GatelensError:
        return None
    return _defined(panel, context, questions[0]) if len(questions) == 1 else None


def _defined(panel: Panel, context: PageContext, question: Question) -> PanelDefinition | None:
    kept = [one for one in question.filters if one in context.implied or one not in context.view.filters]
    order = question.order
    try:
        return PanelDefinition.model_validate(
            {
                "title": panel.title,
                "draw": _drawing(question),
                "width": max(2, panel.span),
                "measures": question.measures,
                "by": question.dimensions,
                "filters": [one.text() for one in kept],
                "order": f"{'-' if order.descending else ''}{order.by}" if order else "",
                "limit": question.limit,
            }
        )
    except ValidationError:
        return None


def _drawing(question: Question) -> str:
    if question.step is not None:
        return "time_chart"
    return "table" if question.dimensions else "figure"


def copyable(panels: Sequence[Panel], context: PageContext) -> frozenset[str]:
    """The ids of the panels that can be copied."""
    return frozenset(panel.id for panel in panels if definition_of(panel, context) is not None)
