"""Tables that sort and filter in the browser."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import pandas as pd
from dash.development.base_component import Component

Column = dict[str, Any]
Rows = list[dict[str, Any]]

# What every table has in common, https://www.ag-grid.com/javascript-data-grid/grid-options/
OPTIONS: dict[str, Any] = {
    "theme": {"function": "gatelensTheme(themeQuartz)"},
    "domLayout": "autoHeight",
    "pagination": True,
    "paginationPageSizeSelector": False,
    "suppressPaginationPanel": False,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "animateRows": False,
    "tooltipShowDelay": 400,
}

_NUMBER: Column = {"type": "rightAligned", "sortingOrder": ["desc", "asc", None]}


def text(field: str, header: str, **more: Any) -> Column:
    """A column of words."""
    return {"field": field, "headerName": header, "minWidth": 90, "flex": 2, "tooltipField": field, **more}


def number(field: str, header: str, shown: str = "count", **more: Any) -> Column:
    """A column of figures; `shown` is a function of assets/dashAgGridFunctions.js: count, rate, share, ms, size."""
    formatter = {"function": f"{shown}(params.value)"}
    return {
        "field": field,
        "headerName": header,
        "minWidth": 84,
        "flex": 1,
        **_NUMBER,
        "valueFormatter": formatter,
        **more,
    }


def drawn(field: str, header: str, renderer: str, **more: Any) -> Column:
    """A column that a component of assets/dashAgGridComponentFunctions.js draws."""
    return {
        "field": field,
        "headerName": header,
        "cellRenderer": renderer,
        "minWidth": 90,
        "flex": 2,
        "cellDataType": False,
        **more,
    }


def rows(found: pd.DataFrame) -> Rows:
    """A frame as `rowData`."""
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def grid(identity: str, columns: Sequence[Column], *, empty: str, row_id: str = "", rows_shown: int = 12) -> Component:
    """A table without rows; a callback fills `rowData`. `row_id` is the column that keeps a row's place on refresh."""
    return dag.AgGrid(
        id=identity,
        columnDefs=list(columns),
        rowData=[],
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": True,
            "suppressHeaderMenuButton": True,
            "unSortIcon": False,
        },
        getRowId=f"params.data.{row_id}" if row_id else None,
        dashGridOptions={
            **OPTIONS,
            "paginationPageSize": rows_shown,
            "localeText": {"noRowsToShow": empty},
        },
        style={"height": None},
    )
