"""Filters in the context bar: chips, and the form that adds one."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.absent import value_text
from dashboards.components.attributes import attributes
from dashboards.components.dimension_label import dimension_label
from dashboards.components.dropdown import dropdown
from dashboards.components.icon import icon
from dashboards.state.view import View
from processors.query.dimensions import DIMENSIONS
from processors.query.filters import Filter, Operator

FORM = "filter"
COMPARISON = "compare-with"
# What traffic is compared by in the context bar; the page What if goes further.
_COMPARED = ("version", "gateway", "gateway_kind", "environment", "api", "consumer", "instance", "upstream")
VALUES = "filter-values"

_SIGNS = {
    Operator.IN: "=",
    Operator.NOT_IN: "≠",
    Operator.PREFIX: "begins with",
    Operator.NOT_PREFIX: "does not begin with",
    Operator.REGEX: "matches",
    Operator.NOT_REGEX: "does not match",
    Operator.RANGE: "between",
    Operator.ABSENT: "is absent",
    Operator.PRESENT: "is present",
}
OPERATORS = (
    (Operator.IN, "is"),
    (Operator.NOT_IN, "is not"),
    (Operator.PREFIX, "begins with"),
    (Operator.NOT_PREFIX, "does not begin with"),
    (Operator.REGEX, "matches the expression"),
    (Operator.NOT_REGEX, "does not match the expression"),
    (Operator.RANGE, "is between"),
    (Operator.ABSENT, "is absent"),
    (Operator.PRESENT, "is present"),
)


def filter_chips(view: View) -> Component:
    """Each filter with a way to take it away, and `+ Filter`."""
    add = dropdown("Filter", filter_form(), identity="add-filter", spoken="Add a filter", drawn="plus")
    return html.Div([*(_chip(view, one) for one in view.filters), add], className="chips")


def filter_form() -> Component:
    """Dimension, how it is compared, and values, which are offered once a dimension is chosen."""
    dimensions = [html.Option(dimension_label(name), value=name) for name in DIMENSIONS]
    return html.Form(
        [
            html.Label(
                [
                    "Dimension",
                    html.Select(
                        [html.Option("Choose…", value=""), *dimensions],
                        name="dimension",
                        **attributes({"data-offers": "values"}),
                    ),
                ]
            ),
            html.Label(
                [
                    "Condition",
                    html.Select([html.Option(label, value=one.value) for one, label in OPERATORS], name="operator"),
                ]
            ),
            html.Label(
                [
                    "Values",
                    html.Textarea(
                        name="values", rows=2, placeholder="One per line", **attributes({"data-values": "yes"})
                    ),
                ]
            ),
            html.Div(className="offered", **attributes({"data-offered": "yes"})),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Add filter", size="sm", attributes={"root": {"type": "submit"}}),
        ],
        className="filter-form",
        **attributes({"data-form": FORM}),
    )


def comparison_form() -> Component:
    """Other traffic of the same time: a dimension and its values, which are offered once it is chosen."""
    dimensions = [html.Option(dimension_label(name), value=name) for name in _COMPARED]
    return html.Form(
        [
            html.Label(
                [
                    "Or with other traffic at the same time",
                    html.Select(
                        [html.Option("Choose…", value=""), *dimensions],
                        name="dimension",
                        **attributes({"data-offers": "values"}),
                    ),
                ]
            ),
            html.Div(className="offered", **attributes({"data-offered": "yes"})),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
            dmc.Button("Compare", size="sm", attributes={"root": {"type": "submit"}}),
        ],
        className="filter-form",
        **attributes({"data-form": COMPARISON}),
    )


def filter_words(one: Filter) -> str:
    """E.g. 'status ≠ 404, 410'."""
    if one.operator is Operator.RANGE:
        low, high = one.values
        return f"{one.dimension} {low or '…'} – {high or '…'}"
    return f"{one.dimension} {_SIGNS[one.operator]} {_values(one)}".strip()


def _values(one: Filter) -> str:
    first = [value_text(one.dimension, value) for value in one.values[:3]]
    return ", ".join(first) + (f" and {len(one.values) - 3} more" if len(one.values) > 3 else "")


def _chip(view: View, one: Filter) -> Component:
    words = filter_words(one)
    negated = one.operator in (Operator.NOT_IN, Operator.NOT_PREFIX, Operator.NOT_REGEX)
    attributes: dict[str, Any] = {"aria-label": f"Remove the filter {words}", "title": "Remove this filter"}
    return html.Span(
        [html.Span(words), html.A(icon("x", 13), href=view.without_filter(one).href(), **attributes)],
        className="chip negated" if negated else "chip",
    )
