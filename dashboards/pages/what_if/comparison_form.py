"""The form of a comparison: two gateways, kinds, versions or periods, and what things cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.dimension_label import dimension_label
from dashboards.pages.what_if.form_fields import FormField, entered, form, taken
from dashboards.panel import Panel
from dashboards.state.comparison import COMPARISONS, shift_of
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.comparison.comparison import Prices, Side
from processors.errors import InvalidQuestion
from processors.query.answer import Answer
from processors.query.filters import Filter, Operator
from processors.query.question import Question
from processors.time.window import Window

FORM = "compare-gateways"
_BY = "by"
_PERIOD = "period"
_DIMENSIONS = ("gateway", "gateway_kind", "version", "environment")
_OFFERED = 100
_API, _FIRST, _SECOND, _BEFORE = "api", "first", "second", "before"
# In the address there is no word for what lacks a value.
_NONE = "(none)"
_EVERY = "(all)"
_PRICES = (
    FormField("core_hour", "Price of a core-hour", "0"),
    FormField("gib_hour", "Price of a GiB-hour", "0"),
    FormField("million", "Price of a million requests", "0", hint="In any currency; 0 if it costs nothing"),
)
_PERIODS = tuple((name, comparison.label) for name, comparison in COMPARISONS.items())


@dataclass(frozen=True)
class Offered:
    """What can be chosen in a view: APIs, and values of the dimension that separates the sides."""

    apis: tuple[str, ...]
    values: tuple[str, ...]


def take(view: View, values: Mapping[str, list[str]]) -> View:
    """The view with the sides and prices that were entered. Raises InvalidQuestion."""
    found = taken(_PRICES, values)
    _prices(found)
    names = (_BEFORE,) if _chosen(view) == _PERIOD else (_FIRST, _SECOND)
    sides = {name: next(iter(values.get(name, [])), "") for name in names}
    if len(names) > 1 and sides[_FIRST] == sides[_SECOND]:
        raise InvalidQuestion("Both sides are the same; choose two that differ.")
    api = next(iter(values.get(_API, [])), _EVERY)
    others = view.but(filters=tuple(one for one in view.filters if one.dimension != _API))
    narrowed = others if api == _EVERY else others.only(_API, "" if api == _NONE else api)
    return narrowed.setting(**found, **sides)


def asked(context: PageContext) -> Sequence[Question]:
    """What there is to choose from: APIs, and where sides are no periods, values of their dimension."""
    by = _chosen(context.view)
    return tuple(
        Question(
            ("requests",),
            context.window,
            (name,),
            # By what is chosen here the choice is not narrowed.
            tuple(one for one in context.view.filters if one.dimension not in {name, by}),
            limit=_OFFERED,
        )
        for name in (_API, *(() if by == _PERIOD else (by,)))
    )


def offered(answers: Sequence[Answer]) -> Offered:
    """By the answers to `asked`."""
    apis, *values = (tuple(map(str, answer.frame.iloc[:, 0])) for answer in answers)
    return Offered(apis, values[0] if values else ())


def sides(context: PageContext, answers: Sequence[Answer]) -> tuple[Side, Side] | None:
    """What is compared; the two busiest where nobody chose, None where there are no two."""
    by, view, window = _chosen(context.view), context.view, context.window
    filters = tuple(one for one in view.filters if one.dimension != by)
    if by == _PERIOD:
        shift = shift_of(_before(view), window) or window.length
        before = Window(window.start - shift, window.end - shift)
        return Side(COMPARISONS[_before(view)].label, before, view.filters), Side("This range", window, view.filters)
    chosen = _values(view, offered(answers))
    if chosen is None:
        return None
    first, second = (
        Side(value, window, (*filters, Filter(by, Operator.ABSENT) if value == _NONE else Filter(by, values=(value,))))
        for value in chosen
    )
    return first, second


def prices(view: View) -> Prices:
    """What was entered. Raises InvalidQuestion."""
    return _prices(entered(_PRICES, view))


def comparison_choice() -> Panel:
    """By what sides differ, as links."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        chosen = _chosen(context.view)
        links = [
            html.A(
                "Period" if name == _PERIOD else dimension_label(name),
                href=context.view.setting(by=name, first="", second="").href(),
                **attributes({"aria-current": "true"} if name == chosen else {}),
            )
            for name in (*_DIMENSIONS, _PERIOD)
        ]
        return html.Nav(links, className="segments", **attributes({"aria-label": "Compare by"}))

    return Panel("compared-by", "Compare by", draw, bare=True)


def comparison_form() -> Panel:
    """The sides, the API, and the prices."""

    def draw(context: PageContext, answers: Sequence[Answer]) -> Component:
        fields = _fields(context.view, offered(answers))
        found = {field.name: field.default for field in fields} | entered(_PRICES, context.view)
        return form(FORM, fields, found, "Compare")

    return Panel(
        "comparison-form",
        "Compare",
        draw,
        asked,
        span=4,
        height=360,
        help="The filters above apply to both sides. Choose one API, or better one route, to compare like with like",
    )


def _fields(view: View, found: Offered) -> Sequence[FormField]:
    api = view.values_of(_API)
    apis = tuple(dict.fromkeys((_EVERY, *(name or _NONE for name in found.apis), *api)))
    of_api = FormField(_API, "API", api[0] if len(api) == 1 else _EVERY, tuple((name, name) for name in apis))
    if _chosen(view) == _PERIOD:
        return (FormField(_BEFORE, "This range with", _before(view), _PERIODS), of_api, *_PRICES)
    first, second = _values(view, found) or ("", "")
    names = dict.fromkeys((*(name or _NONE for name in found.values), *filter(None, (first, second))))
    choices = tuple((name, name) for name in names) or (("", _NONE),)
    return (FormField(_FIRST, "First", first, choices), FormField(_SECOND, "Second", second, choices), of_api, *_PRICES)


def _values(view: View, found: Offered) -> tuple[str, str] | None:
    busiest = [name or _NONE for name in found.values]
    first = view.parameter(_FIRST) or next(iter(busiest), "")
    second = view.parameter(_SECOND) or next((name for name in busiest if name != first), "")
    return (first, second) if first and second else None


def _chosen(view: View) -> str:
    by = view.parameter(_BY)
    return by if by in (*_DIMENSIONS, _PERIOD) else _DIMENSIONS[0]


def _before(view: View) -> str:
    name = view.parameter(_BEFORE)
    return name if name in COMPARISONS else next(iter(COMPARISONS))


def _prices(values: Mapping[str, str]) -> Prices:
    return Prices(*(_price(field.label, values[field.name]) for field in _PRICES))


def _price(label: str, text: str) -> float:
    try:
        price = float(text.replace(",", "."))
    except ValueError:
        price = -1.0
    if not 0 <= price < float("inf"):
        raise InvalidQuestion(f"{label}: {text!r} is not a price; write a number such as 0.04.")
    return price
