"""What an API is, above its tabs: whose, in which state, and how its objectives stand."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.pages.shared.api_facts import ApiFacts
from dashboards.pages.shared.api_rows import PATH
from dashboards.pages.shared.fact_columns import badges, budget_cell
from dashboards.panel import Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.catalogue.catalogue import ApiEntry
from processors.query.answer import Answer
from processors.slo.slos import Standing


def about_panel(facts: ApiFacts) -> Panel:
    """A line about the API, empty if nothing is known of it."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component | None:
        name = context.view.item(PATH)
        found = facts.entries(context.now)
        entries = found.get(name, ())
        has_documents = any(entry.has_document for versions in found.values() for entry in versions)
        parts = [
            *(_standing(context.view, standing) for standing in facts.standings(context.now).get(name, ())),
            *_described(entries),
            *(
                _chip(context.view.href(tab="catalogue"), badge, "warning", "The catalogue says why")
                for badge in badges(entries, has_documents=has_documents)
            ),
        ]
        return html.Div(parts, className="about") if parts else None

    return Panel("about", "About", draw, bare=True)


def _described(entries: Sequence[ApiEntry]) -> list[Component]:
    if not entries:
        return []
    entry = entries[0]
    owner = [html.Span(["Owner ", html.Strong(entry.owner)])] if entry.owner else []
    return [*owner, *(html.Span(tag, className="tag") for tag in entry.tags)]


def _standing(view: View, standing: Standing) -> Component:
    left = standing.budget_left
    cell = budget_cell(standing)
    tone = str(cell["tone"]) if isinstance(cell, dict) else "neutral"
    known = "no requests" if left is None else f"{formats.show('share', max(left, 0.0))} of the budget left"
    return _chip(view.to("/slos").href(), f"{standing.objective.name}: {known}", tone, standing.words)


def _chip(href: str, text: str, tone: str, title: str) -> Component:
    dot = html.I(className="dot", **attributes({"aria-hidden": "true"}))
    return html.A([dot, text], href=href, title=title, className=f"choice-chip tone-{tone}")
