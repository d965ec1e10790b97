"""What happened: every annotation of the range, and a form that adds one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.fields import fields
from dashboards.components.hidden_field import hidden_field
from dashboards.components.icon import icon
from dashboards.components.table import Cell, Column, Row, table
from dashboards.page import Done, Group, Page
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.times import written
from dashboards.state.view import View
from processors.annotations.annotation import Annotation, new_annotation
from processors.annotations.annotation_store import AnnotationStore
from processors.query.answer import Answer
from processors.query.filters import Operator
from processors.time.expression import parse_time

PATH = "/annotations"

_ADD, _DELETE = "annotate", "delete-annotation"
# What a stretch of a chart that was selected fills the form with.
_OF_FORM = ("start", "end")

Entered = Mapping[str, list[str]]


def page(parts: PageParts) -> Page:
    """The list, the one that is selected in full, and the form."""
    store = AnnotationStore(parts.store)
    listed, form = _list(store), _form_panel()

    def panels(view: View) -> Sequence[Panel]:
        return (_one(store), listed, form) if view.selected else (listed, form)

    return Page(
        PATH,
        "Annotations",
        "flag",
        Group.ACT,
        panels=panels,
        actions={_ADD: _adder(store, parts.clock), _DELETE: _deleter(store, parts.clock)},
    )


def _adder(store: AnnotationStore, clock: Callable[[], datetime]) -> Callable[[View, Entered, str], Done]:
    def add(view: View, entered: Entered, writer: str) -> Done:
        now = clock()

        def moment(field: str) -> datetime | None:
            text = _first(entered, field)
            return parse_time(written(text, view.tzinfo, now), now) if text else None

        annotation = new_annotation(
            _first(entered, "text"),
            moment("start") or now,
            moment("end"),
            tags=_first(entered, "tags").split(","),
            filters=_first(entered, "filters").splitlines(),
            link=_first(entered, "link"),
            author=writer,
        )
        store.save(annotation, now)
        return Done(view.setting(start="", end=""), f"“{annotation.text}” is on the charts.")

    return add


def _deleter(store: AnnotationStore, clock: Callable[[], datetime]) -> Callable[[View, Entered, str], Done]:
    def delete(view: View, entered: Entered, _writer: str) -> Done:
        gone = store.delete(_first(entered, "id"), clock())

        def undo(_writer: str) -> None:
            store.save(gone, clock())

        return Done(view.but(selected=""), f"“{gone.text}” is deleted.", undo=undo)

    return delete


def _list(store: AnnotationStore) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = [one for one in store.within(context.window) if one.concerns(context.view.filters)]
        rows = [
            {
                "key": one.id,
                "time": _when(context, one),
                "text": one.text,
                "tags": list(one.tags),
                "concerns": _concerned(one),
                "author": one.author,
            }
            for one in found
        ]
        return table(
            context,
            "annotations",
            _COLUMNS,
            rows,
            href=lambda row: context.view.href(selected=str(row["key"])),
            empty="No annotations in this range",
        )

    return Panel(
        "annotations",
        "Annotations in this range",
        draw,
        span=8,
        height=120,
        help="A chart shows those that may concern its traffic",
    )


def _one(store: AnnotationStore) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        one = store.get(context.view.selected)
        link = html.A(one.link, href=one.link, target="_blank", rel="noopener noreferrer") if one.link else ""
        groups = {
            one.text: [
                ("Time", _when(context, one)),
                ("Concerns", _concerned(one)),
                ("Tags", ", ".join(one.tags)),
                ("Link", link),
                ("By", one.author),
            ]
        }
        delete = html.Form(
            [
                hidden_field("id", one.id),
                html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
                html.Button([icon("trash", 16), "Delete"], type="submit", className="quiet"),
            ],
            className="row-form",
            **attributes({"data-form": _DELETE}),
        )
        return [fields(groups), delete]

    return Panel("annotation", "Annotation", draw)


def _form_panel() -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        view = context.view
        start, end = (view.parameter(name) for name in _OF_FORM)
        concerned = "\n".join(one.text() for one in view.filters if one.operator is Operator.IN)
        return html.Form(
            [
                html.Label(
                    ["What happened", dmc.TextInput(name="text", placeholder="orders 2.4.1 deployed", size="sm")]
                ),
                html.Label(["From", dmc.TextInput(name="start", value=start, placeholder="now", size="sm")]),
                html.Label(["Until", dmc.TextInput(name="end", value=end, placeholder="a single moment", size="sm")]),
                html.Label(
                    [
                        "Concerns",
                        dmc.Textarea(
                            name="filters",
                            value=concerned,
                            placeholder="api=orders, one filter per line; empty: all traffic",
                            minRows=2,
                            size="sm",
                        ),
                    ]
                ),
                html.Label(["Tags", dmc.TextInput(name="tags", placeholder="deployment, orders", size="sm")]),
                html.Label(["Link", dmc.TextInput(name="link", placeholder="https://ci.example.com/7", size="sm")]),
                html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
                dmc.Button("Annotate", size="sm", attributes={"root": {"type": "submit"}}),
            ],
            className="filter-form wide-form",
            **attributes({"data-form": _ADD}),
        )

    hint = "Deployments can post theirs over HTTP: docs/http-api.md"
    return Panel("annotations-add", "Add an annotation", draw, span=4, help=hint)


def _when(context: PageContext, one: Annotation) -> str:
    return context.times.minute(one.start) if one.end is None else context.times.between(one.start, one.end)


def _concerned(one: Annotation) -> str:
    return ", ".join(each.text() for each in one.filters) or "all traffic"


def _text(row: Row) -> Cell:
    return {"text": str(row["text"]), "strong": True}


def _tags(row: Row) -> Cell:
    return {"tags": row["tags"]}


def _first(entered: Entered, field: str) -> str:
    return next(iter(entered.get(field, [])), "")


_COLUMNS = (
    Column("time", "Time"),
    Column("text", "What happened", cell=_text),
    Column("concerns", "Concerns", rank=1),
    Column("tags", "Tags", cell=_tags, rank=2),
    Column("author", "By", rank=3),
)
