"""Tables: the one way to show rows. Sorting, columns that give way, links, and cards on phones are the same in all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from dashboards import formats
from dashboards.components.column_choice import chosen_columns, column_choices
from dashboards.components.own import Table
from dashboards.state.context import PageContext
from dashboards.state.view import View

# What a cell may be: a text, or a dict of text, tone, glyph, spark, bar, tags, href, title, strong.
Cell = str | Mapping[str, Any] | None
Row = Mapping[str, Any]

# Fewer are in nobody's way.
_FEWEST_TO_CHOOSE_FROM = 6


@dataclass(frozen=True)
class Column:
    """One column. `cell` makes the cell from a row; without it the value of `key` is shown in its unit."""

    key: str
    label: str
    # A key of dashboards.formats.UNITS; '' for words.
    unit: str = ""
    cell: Callable[[Row], Cell] | None = None
    # 0 always stays; of the others the highest gives way first where there is no room.
    rank: int = 0
    help: str = ""
    # What is sorted by, a name in MEASURES or DIMENSIONS; '' where the rows cannot be.
    sort: str = ""
    numeric: bool | None = None
    code: bool = False
    # Sentences, which are read over several lines.
    wraps: bool = False

    def shown(self, row: Row) -> Cell:
        if self.cell is not None:
            return self.cell(row)
        value = row.get(self.key)
        return formats.show(self.unit, value) if self.unit else _words(value)


def table(
    context: PageContext,
    panel: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    default_sort: str = "",
    href: Callable[[Row], str] | None = None,
    empty: str = "Nothing in this range",
    note: str = "",
    page: int = 50,
) -> Table:
    """Rows in the order in which they come; `panel` is the panel's id, by which the URL keeps the order.

    `href` is where a row leads. A heading of a column with `sort` is a link to the other order; ask with
    `context.sort(panel, default_sort)`.
    """
    order = context.sort(panel, default_sort)
    labels = {column.key: column.label for column in columns[1:]}
    chosen = chosen_columns(context.view, panel)
    # What was chosen does not give way.
    shown = (
        [column for column in columns if _says_something(column, rows, order)]
        if chosen is None
        else [columns[0], *(replace(c, rank=0) for c in columns[1:] if c.key in chosen)]
    )
    return Table(
        id=f"{panel}-table",
        columns=[_heading(column, panel, order, context.view) for column in shown],
        rows=[
            {
                "key": str(row.get("key", number)),
                "cells": [column.shown(row) for column in shown],
                **({"href": to} if href and (to := href(row)) else {}),
            }
            for number, row in enumerate(rows)
        ],
        empty=empty,
        note=note or None,
        page=page,
        choices=column_choices(context.view, panel, labels, [column.key for column in shown])
        if len(columns) >= _FEWEST_TO_CHOOSE_FROM
        else None,
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as `table` takes them."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _says_something(column: Column, rows: Sequence[Row], order: str) -> bool:
    """Whether it is worth its room: what may give way does where no row has anything to show in it."""
    if not column.rank or not rows or (column.sort and column.sort == order.removeprefix("-")):
        return True
    return any(_is_filled(column.shown(row)) for row in rows)


def _is_filled(cell: Cell) -> bool:
    if cell is None or isinstance(cell, str):
        return cell not in (None, "", formats.NOTHING)
    return any(cell.get(part) not in (None, "", formats.NOTHING, []) for part in ("text", "spark", "tags"))


def _heading(column: Column, panel: str, order: str, view: View) -> dict[str, Any]:
    heading: dict[str, Any] = {
        "key": column.key,
        "label": column.label,
        "rank": column.rank,
        "numeric": bool(column.unit) if column.numeric is None else column.numeric,
        "code": column.code,
        "help": column.help,
        **({"wraps": True} if column.wraps else {}),
    }
    if not column.sort:
        return heading
    is_sorted = order.removeprefix("-") == column.sort
    descending = order.startswith("-")
    # Figures are looked at from the highest, words from A.
    starts = f"-{column.sort}" if heading["numeric"] else column.sort
    turned = column.sort if descending else f"-{column.sort}"
    heading["href"] = view.href(sort=_with(view, panel, turned if is_sorted else starts))
    if is_sorted:
        heading["sorted"] = "descending" if descending else "ascending"
    return heading


def _with(view: View, panel: str, order: str) -> str:
    """The URL's `sort` with another order of one table."""
    others = [one for one in view.sort.split(",") if one and one.partition(":")[0] != panel]
    return ",".join([*others, f"{panel}:{order}"])


def _words(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN is not itself
