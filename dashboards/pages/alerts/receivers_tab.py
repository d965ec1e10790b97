"""Receivers: who is notified by what channel, whether deliveries arrive, and a test."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.errors import ReceiverRefused
from dashboards.page import Done
from dashboards.pages.alerts.receiver_form import DELETE, receiver_form
from dashboards.pages.alerts.routes_panel import drawn_routes
from dashboards.pages.alerts.words import action, fault_place
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.trial import try_channels
from processors.alerts.engine import AlertEngine
from processors.alerts.rule_source import Origin
from processors.query.answer import Answer

_DELIVERIES = 200


def receiver_panels(engine: AlertEngine) -> tuple[Panel, ...]:
    """A card for each, and the notifications that were tried of late."""

    def listed(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        receivers = engine.source.current.file.receivers
        if not receivers:
            return empty("No receivers yet; create one here, or in the rule file (setting alerts.rules)")
        last = _last(engine.notifier.deliveries(_DELIVERIES))
        return html.Div([_entry(engine, context, one, last) for one in receivers], className="entries")

    def form(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return receiver_form(engine, context.view)

    def routes(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return drawn_routes(engine, context)

    def deliveries(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rows = records(engine.notifier.deliveries(_DELIVERIES))
        columns = (Column("time", "Time", cell=lambda row: context.times.second(row["time"])), *_COLUMNS)
        return table(context, "alerts-deliveries", columns, rows, empty="No notifications sent yet")

    return (
        Panel("alerts-receivers", "Receivers", listed, span=7, height=120),
        Panel("alerts-receiver", "New receiver", form, span=5, height=300),
        Panel("alerts-routes", "Routing", routes, height=120),
        Panel("alerts-deliveries", "Latest notifications", deliveries, height=120),
    )


def try_receiver(engine: AlertEngine, clock: Callable[[], datetime]) -> Callable[..., Done]:
    def act(view: View, values: Mapping[str, list[str]], _writer: str) -> Done:
        name = next(iter(values.get("of", [])), "")
        results = try_channels(engine.source.receiver(name), engine.external_url, clock())
        failed = {channel: error for channel, error in results.items() if error}
        if failed:
            raise ReceiverRefused(" ".join(f"{channel}: {error}" for channel, error in failed.items()))
        return Done(view, f"{name} took the test by {', '.join(results)}.")

    return act


def _entry(
    engine: AlertEngine, context: PageContext, receiver: Receiver, last: Mapping[tuple[str, str], Row]
) -> Component:
    faults = {one.channel: one.message for one in engine.notifier.faults if one.receiver == receiver.name}
    channels = [
        html.Li(
            [
                html.Strong(kind),
                f" {config.shown} ",
                _outcome(context, last.get((receiver.name, kind))),
                html.P(faults[kind], className="form-fault") if kind in faults else None,
            ]
        )
        for kind, config in receiver.channels.items()
    ]
    return html.Form(
        [
            html.Header([html.Strong(receiver.name), *_origin(engine, receiver.name)]),
            html.Ul(channels),
            html.Div([*_actions(engine, context.view, receiver), fault_place()], className="alert-actions"),
        ],
        className="entry",
        **attributes({"data-form": "receiver-test"}),
    )


def _is_stored(engine: AlertEngine, name: str) -> bool:
    return engine.source.current.receiver_origin(name) is Origin.STORED


def _origin(engine: AlertEngine, name: str) -> list[Component]:
    return [] if _is_stored(engine, name) else [html.Span("read-only, in the rule file", className="hint-text")]


def _actions(engine: AlertEngine, view: View, receiver: Receiver) -> list[Component]:
    """What can be done: one of the file can only be tried."""
    test = action("Test", "receiver-test", receiver.name)
    if not _is_stored(engine, receiver.name):
        return [test]
    edit = view.setting(receiver=receiver.name, channel="").href()
    return [test, html.A("Edit", href=edit, className="control"), action("Delete", DELETE, receiver.name)]


def _outcome(context: PageContext, row: Row | None) -> Component:
    if row is None:
        return html.Span("not used yet", className="hint-text")
    tone = "bad" if row["outcome"] == "failed" else "good"
    return html.Span(f"{row['outcome']} {context.times.ago(row['time'])}", className=f"severity tone-{tone}")


def _last(deliveries: pd.DataFrame) -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in records(deliveries):
        found.setdefault((str(row["receiver"]), str(row["channel"])), row)
    return found


def _outcome_cell(row: Row) -> Cell:
    return {"glyph": True, "tone": "bad" if row["outcome"] == "failed" else "good", "text": str(row["outcome"])}


def _group(row: Row) -> Cell:
    """The key of an alert group, where a route groups by anything."""
    return "" if row["group_key"] == "{}:{}" else str(row["group_key"])


_COLUMNS = (
    Column("receiver", "Receiver"),
    Column("channel", "Channel"),
    Column("outcome", "Outcome", cell=_outcome_cell),
    Column("status", "Status", rank=1),
    Column("alerts", "Alerts", cell=lambda row: str(len(row["alerts"])), numeric=True, rank=1),
    Column("tries", "Attempts", "count", rank=3),
    Column("group_key", "Group", cell=_group, code=True, rank=3),
    Column("error", "Reason", rank=2),
)
