"""Components of our own: drawn by functions of React in dashboards/assets, without a build.

A class names its props; the browser finds the function at `window.dashboards.<its name>`.
"""

from typing import Any

from dash.development.base_component import Component


class OwnComponent(Component):
    """The base of all; `id` is a prop of each."""

    _children_props: list[str] = []  # noqa: RUF012 - as Dash declares it
    _base_nodes: list[str] = []  # noqa: RUF012 - as Dash declares it
    _namespace = "dashboards"
    _type = "OwnComponent"
    _prop_names: list[str] = ["id"]  # noqa: RUF012 - as Dash declares it
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012 - as Dash declares it
    available_wildcard_properties: list[str] = []  # noqa: RUF012 - as Dash declares it

    def __init_subclass__(cls) -> None:
        cls._type = cls.__name__
        cls._prop_names = ["id", *cls._prop_names]

    def __init__(self, **props: Any) -> None:
        known = {name: value for name, value in props.items() if value is not None}
        super().__init__(**known)  # type: ignore[no-untyped-call]  # Dash has no types for it


class Chart(OwnComponent):
    """A chart of assets/chart.js; made by dashboards.figures, not by hand."""

    _prop_names: list[str] = ["panel", "data", "layout", "units", "time", "height", "summary"]  # noqa: RUF012 - as Dash declares it


class Table(OwnComponent):
    """A table of assets/table.js; made by dashboards.components.table."""

    _prop_names: list[str] = ["columns", "rows", "empty", "note", "page", "choices"]  # noqa: RUF012 - as Dash declares it


class Spark(OwnComponent):
    """Values as a small line, null for a gap; `ghost` is the compared period, `label` its text alternative."""

    _prop_names: list[str] = ["values", "ghost", "tone", "label", "height"]  # noqa: RUF012 - as Dash declares it


class Flow(OwnComponent):
    """Who calls whom, of assets/flow.js; made by dashboards.figures.flow."""

    _prop_names: list[str] = ["nodes", "bands", "width", "height", "summary"]  # noqa: RUF012 - as Dash declares it


class SqlWorkbench(OwnComponent):
    """Editor, result, history and saved statements of the SQL page.

    `files` are those of assets/on_demand that it is drawn by.
    """

    _prop_names: list[str] = [  # noqa: RUF012 - as Dash declares it
        "files",
        "tables",
        "functions",
        "values",
        "examples",
        "rows",
        "patience",
        "layout",
        "fault",
    ]
