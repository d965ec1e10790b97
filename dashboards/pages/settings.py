"""The configuration as it is in force, to be read only."""

from collections.abc import Sequence

from dash import html

from dashboards.components.attributes import attributes
from dashboards.components.fields import fields
from dashboards.components.notice import empty, notice
from dashboards.components.table import Cell, Column, Row, table
from dashboards.configuration import SettingInForce
from dashboards.page import Group, Page
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.absent import NO_ROUTE
from processors.query.answer import Answer
from processors.routes.decisions import decided_routes

PATH = "/settings"
_RETENTION = "retention."
# As it is written.
_FOR_EVER = "0s"


def page(parts: PageParts) -> Page:
    """The page."""
    panels = (
        _about(parts),
        _retention(parts),
        _settings(parts),
        _formats(parts),
        _rules(parts),
        _catalogue(parts),
        _routes(parts),
        _tokens(parts),
    )
    return Page(PATH, "Settings", "settings", Group.SYSTEM, panels=lambda _view: panels, has_range=False)


def _about(parts: PageParts) -> Panel:
    def draw(_context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        settings = parts.settings
        return fields(
            {
                "": [
                    ("Version", settings.version),
                    ("Configuration", parts.configuration.file or "none: defaults and environment variables"),
                    ("Data", settings.data),
                    ("Telemetry over HTTP", settings.ingest_http),
                    ("Telemetry over gRPC", settings.otlp_grpc),
                ],
            }
        )

    return Panel(
        "about", "This instance", draw, span=6, height=160,
        help="Read-only. To change a setting, edit the configuration file or the environment and restart; "
        "retention applies without a restart",
    )  # fmt: skip


def _retention(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [_setting(one) for one in parts.configuration.settings if one.path.startswith(_RETENTION)]
        shown = [
            {**row, "path": str(row["path"]).removeprefix(_RETENTION), "value": _kept(str(row["value"]))}
            for row in rows
        ]
        columns = (Column("path", "What", code=True), Column("value", "Kept for", cell=_value))
        return table(context, "retention", columns, shown, empty="Nothing is deleted", page=12)

    return Panel("retention", "Retention", draw, span=6, height=160, help="As of startup")


def _settings(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        shows_all = context.view.parameter("settings") == "all"
        rows = [_setting(one) for one in parts.configuration.settings if shows_all or not one.is_default]
        chips = html.Div(
            [
                html.A(label, href=context.view.setting(settings=value).href(), className="choice-chip",
                       **attributes({"aria-current": str(chosen).lower()}))
                for label, value, chosen in (("Changed", "", not shows_all), ("All", "all", shows_all))
            ],
            className="choice-chips",
        )  # fmt: skip
        return (
            chips,
            table(
                context,
                "settings",
                (
                    Column("path", "Setting", code=True),
                    Column("value", "In force", cell=_value),
                    Column("origin", "From", rank=2),
                    Column("description", "Description", rank=1),
                ),
                rows,
                empty="Every setting has its default",
                page=100,
            ),
        )

    return Panel("settings", "Configuration", draw, height=200, help="Secrets are masked; docs/configuration.md")


def _setting(one: SettingInForce) -> Row:
    return {
        "key": one.path,
        "path": one.path,
        "value": one.value,
        "origin": "default" if one.is_default else "configuration",
        "description": one.description,
    }


def _kept(value: str) -> str:
    return "for ever" if value == _FOR_EVER else value


def _value(row: Row) -> Cell:
    return str(row["value"]) or "–"


def _formats(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {
                "key": one.name,
                "name": one.name,
                "origin": one.origin,
                "becomes": ", ".join(one.becomes).replace("_", " "),
                "summary": f"{one.summary[:1].upper()}{one.summary[1:]}",
            }
            for one in parts.configuration.formats
        ]
        columns = (
            Column("name", "Format", code=True),
            Column("origin", "Origin"),
            Column("becomes", "Becomes", rank=2),
            Column("summary", "Written by", rank=1),
        )
        return table(context, "formats", columns, rows, page=30)

    return Panel("formats", "Formats", draw, height=200, help="In the order in which they are tried on a record")


def _rules(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {
                "key": str(number),
                "target": one.target,
                "source": one.source,
                "rule": one.rule,
                "condition": one.condition,
            }
            for number, one in enumerate(parts.configuration.rules)
        ]
        columns = (
            Column("target", "Names"),
            Column("source", "Read from", code=True),
            Column("rule", "Rule", code=True),
            Column("condition", "Where", code=True, rank=1),
        )
        return table(context, "rules", columns, rows, empty="No naming rules; names are used as reported")

    return Panel(
        "rules",
        "Naming rules",
        draw,
        span=6,
        height=80,
        help="The first that yields a name applies; docs/naming.md",
    )


def _catalogue(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {
                "key": api.name,
                "name": api.name,
                "owner": api.owner,
                "tags": ", ".join(api.tags),
                "document": api.document.name if api.document else "",
            }
            for api in parts.configuration.apis
        ]
        columns = (
            Column("name", "API"),
            Column("owner", "Owner"),
            Column("tags", "Tags", rank=2),
            Column("document", "Document", rank=1),
        )
        listed = table(
            context, "catalogue", columns, rows, href=lambda row: context.view.to("/apis", str(row["name"])).href(),
            empty="No APIs declared; list them under catalogue.apis",
        )  # fmt: skip
        return [*(notice("warning", fault) for fault in parts.pipeline().file_faults), listed]

    return Panel("catalogue", "Catalogue", draw, span=6, height=80)


def _routes(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {"key": f"{api} {route}", "api": api or NO_ROUTE, "route": route, "reason": reason.replace("_", " "),
             "observed": observed, "name": api}
            for api, route, reason, observed in decided_routes(parts.store)
        ]  # fmt: skip
        columns = (
            Column("api", "API"),
            Column("route", "Route", code=True),
            Column("reason", "Reason"),
            Column("observed", "Observed routes", "count"),
        )
        return table(
            context, "routes", columns, rows, page=30,
            href=lambda row: context.view.to("/apis", str(row["name"])).href() if row["name"] else "",
            empty="Every route keeps its observed name",
        )  # fmt: skip

    return Panel("routes", "Routes", draw, span=6, height=80, help="Names given to observed routes; docs/analysis.md")


def _tokens(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = [
            {"key": one.name, "name": one.name, "kind": one.kind, "created": context.times.minute(one.created_at)}
            for one in parts.configuration.tokens()
        ]
        if not rows:
            return empty(["No tokens; ", html.Code("gatelens token create NAME"), " makes one"])
        columns = (Column("name", "Name"), Column("kind", "For"), Column("created", "Created", numeric=True))
        return table(context, "tokens", columns, rows)

    return Panel("tokens", "Tokens", draw, span=6, height=80, help="By name; a token cannot be shown again")
