"""What is declared of APIs, and where that and the traffic disagree."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import empty, notice
from dashboards.components.table import Cell, Column, Row, table
from dashboards.pages.shared.api_facts import ApiFacts
from dashboards.pages.shared.api_rows import PATH
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.catalogue.catalogue import ApiEntry, ApiState
from processors.catalogue.drift import DriftKind, drift
from processors.query.answer import Answer
from processors.routes.decisions import OTHER, decided_routes

_STATES = {
    ApiState.ACTIVE: ("good", "used, and declared where anything is"),
    ApiState.SHADOW: ("warning", "used, and not declared, while others are"),
    ApiState.ZOMBIE: ("warning", "an older version that is still used beside a newer one"),
    ApiState.UNUSED: ("neutral", "declared, and not used in the last seven days"),
    ApiState.GONE: ("neutral", "once used, not declared, and not used in the last seven days"),
}
_DRIFTS = {
    DriftKind.UNDOCUMENTED_ROUTE: ("bad", "route is not in the document"),
    DriftKind.UNDOCUMENTED_METHOD: ("bad", "method is not in the document"),
    DriftKind.UNDOCUMENTED_STATUS: ("warning", "status is not in the document"),
    DriftKind.DEPRECATED_IN_USE: ("warning", "deprecated, and in use"),
    DriftKind.UNUSED_OPERATION: ("neutral", "in the document, and not used"),
}
_REASONS = {
    "document": "as the document",
    "mined": "mined: paths that differ in values",
    "not_found": "only ever answered with 404 or 405",
    "capped": "beyond `catalogue.most_routes`",
}


def catalogue_panel(facts: ApiFacts) -> Panel:
    """Every API and version there is or was."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = [entry for versions in facts.entries(context.now).values() for entry in versions]
        rows = _rows(context, sorted(found, key=lambda entry: (entry.api, entry.version)))
        nothing = "No API has had traffic yet, and none is declared"
        return table(context, "catalogue", _ENTRIES, rows, href=lambda row: _api(context, row), empty=nothing, page=100)

    return Panel(
        "catalogue",
        "Catalogue",
        draw,
        height=300,
        help="Every API and version that ever had traffic or is declared in the configuration; docs/analysis.md",
    )


def api_catalogue_panels(parts: PageParts, facts: ApiFacts) -> tuple[Panel, ...]:
    """One API's versions, where its document and its traffic disagree, and what its routes are called."""
    return (_versions(facts), _drift(parts), _routes(parts))


def _versions(facts: ApiFacts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = _rows(context, facts.entries(context.now).get(context.view.item(PATH), ()))
        nothing = "This API has never had traffic, and is not declared"
        return table(context, "api-versions", _ENTRIES[1:], rows, empty=nothing)

    return Panel("api-versions", "Versions", draw, height=80, help="Seen to the hour; requests of the last seven days")


def _drift(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = context.view.item(PATH)
        document = next((document for document in parts.catalogued.documents if document.api == name), None)
        if document is None:
            return empty("This API has no document: name one in `catalogue.apis` of the configuration")
        rows = [asdict(one) for one in drift(parts.questions, document, context.window)]
        title = " ".join(filter(None, (document.title, document.version)))
        nothing = f"The traffic in this range matches {title or 'the document'}"
        return table(context, "drift", _DRIFT, rows, href=lambda row: _requests(context, row), empty=nothing)

    return Panel("drift", "Document against traffic", draw, height=120)


def _routes(parts: PageParts) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = context.view.item(PATH)
        rows = [
            {"route": route, "reason": reason, "observed": observed}
            for _, route, reason, observed in decided_routes(parts.store, name)
        ]
        nothing = "The gateways name this API's routes, or there is nothing to decide yet"
        named = table(context, "decided-routes", _ROUTES, rows, empty=nothing, page=15)
        return [*_warnings(parts, name), named]

    return Panel(
        "decided-routes",
        "Route names",
        draw,
        height=120,
        help="How observed routes are named and why; decided every five minutes",
    )


def _warnings(parts: PageParts, name: str) -> list[Component]:
    status = parts.route_status()
    if status is None:
        return []
    if status.fault:
        return [notice("bad", "Route names could not be decided", html.P(status.fault))]
    run = status.run
    found: list[Component] = []
    if run and name in run.capped:
        cure = f"The rest of them is {OTHER}. Give it a document, or raise catalogue.most_routes."
        found.append(notice("warning", "This API has more routes than the limit", html.P(cure)))
    if run and name in run.full:
        cure = "Not all of them could be named. Have its gateway report routes."
        found.append(notice("warning", "This API has too many different paths", html.P(cure)))
    return found


def _rows(context: PageContext, entries: Sequence[ApiEntry]) -> list[Row]:
    def seen(at: datetime | None) -> str:
        return context.times.minute(at) if at else ""

    return [
        {**asdict(entry), "first": seen(entry.first_seen), "last": seen(entry.last_seen), "key": number}
        for number, entry in enumerate(entries)
    ]


def _api(context: PageContext, row: Row) -> str:
    return context.view.to(PATH, str(row["api"]), tab="catalogue").href()


def _requests(context: PageContext, row: Row) -> str:
    if not row["requests"]:
        return ""
    view = context.view.to("/requests")
    values = {"api": context.view.item(PATH), "route": row["route"], "method": row["method"], "status": row["status"]}
    for dimension, value in values.items():
        if value:
            view = view.only(dimension, str(value))
    return view.href()


def _state(row: Row) -> Cell:
    tone, words = _STATES[row["state"]]
    return {"glyph": True, "tone": tone, "text": str(row["state"]), "title": words}


def _kind(row: Row) -> Cell:
    tone, words = _DRIFTS[row["kind"]]
    return {"glyph": True, "tone": tone, "text": words}


_ENTRIES = (
    Column("api", "API", cell=lambda row: {"text": str(row["api"]), "strong": True}),
    Column("version", "Version", cell=lambda row: str(row["version"]) or "(unversioned)"),
    Column("state", "State", cell=_state),
    Column("owner", "Owner", rank=1),
    Column("tags", "Tags", cell=lambda row: {"tags": list(row["tags"])}, rank=4),
    Column("has_document", "Document", cell=lambda row: "yes" if row["has_document"] else "no", rank=2),
    Column("requests", "Requests, 7 d", "count", rank=1),
    Column("first", "First seen", rank=3),
    Column("last", "Last seen", rank=2),
    Column("gateways", "Gateways", cell=lambda row: {"tags": list(row["gateways"])}, rank=5),
    Column("environments", "Environments", cell=lambda row: {"tags": list(row["environments"])}, rank=6),
)
_DRIFT = (
    Column("kind", "What", cell=_kind),
    Column("route", "Route", code=True),
    Column("method", "Method"),
    Column("status", "Status", cell=lambda row: str(row["status"] or ""), rank=1),
    Column("requests", "Requests", "count"),
)
_ROUTES = (
    Column("route", "Route", code=True),
    Column("reason", "Why", cell=lambda row: _REASONS.get(str(row["reason"]), str(row["reason"]))),
    Column("observed", "Observed routes", "count", rank=1),
)
