"""One request in full: what its gateway reported, the time of its call hop by hop, and what was logged meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.fields import fields
from dashboards.components.notice import empty
from dashboards.pages.shared.hop_table import hop_table
from dashboards.pages.shared.log_table import log_table
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.explorer.logs import LogSearch, find_logs
from processors.explorer.requests import find_request
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.time.window import MINUTE, Window, ceil, floor
from processors.topology.hops import around, hops
from storage.store import Store

_LOGS = 50


def one_request_panels(store: Store) -> tuple[Panel, ...]:
    """Panels of the request whose key the view has selected."""

    def request(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_request(store, context.view.selected)
        if found is None:
            return empty("This request is no longer stored")
        return (_fields(context, found), _links(context.view, found))

    def call(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_request(store, context.view.selected)
        identity = "" if found is None else str(found["request_id"] or found["trace_id"])
        if found is None or not identity:
            return empty("Its gateway reported neither a request id nor a trace id")
        return hop_table(context, "request-hops", hops(store, identity, around(found["time"])))

    def logs(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = find_request(store, context.view.selected)
        if found is None:
            return empty("This request is no longer stored")
        trace = str(found["trace_id"])
        near = Window(floor(found["time"] - MINUTE, MINUTE), ceil(found["time"] + MINUTE, MINUTE))
        search = LogSearch(near, text=trace) if trace else LogSearch(near, _of_instance(found))
        lines = find_logs(store, search, _LOGS)
        return log_table(context, "request-logs", lines, empty="No log lines around this request")

    return (
        Panel("request", "Request", request, height=200),
        Panel("request-hops", "Time by hop", call, span=6, help="From the outermost gateway to the innermost service"),
        Panel(
            "request-logs",
            "Related logs",
            logs,
            span=6,
            help="Those with its trace id, or else those of its gateway's instance",
        ),
    )


def _of_instance(found: Mapping[str, Any]) -> tuple[Filter, ...]:
    return tuple(Filter(name, values=(str(found[name]),)) for name in ("gateway", "instance") if found[name])


def _fields(context: PageContext, found: Mapping[str, Any]) -> Component:
    attributes = found["attributes"]
    listed = sorted(dict(attributes).items()) if attributes else []

    def text(name: str) -> str:
        return str(found[name])

    def figure(name: str, unit: str) -> str:
        value = found[name]
        return "" if pd.isna(value) else formats.show(unit, float(value))

    return fields(
        {
            "Request": [
                ("Time", context.times.full(found["time"])),
                ("Method", text("method")),
                ("Path", text("path")),
                ("Protocol", text("protocol")),
                ("Request id", text("request_id")),
                ("Trace id", text("trace_id")),
                ("Received", figure("request_bytes", "bytes")),
            ],
            "Response": [
                ("Status", text("status") if text("status") != "0" else "no answer"),
                ("Cause", text("fault")),
                ("Flags", text("response_flags")),
                ("Policy", " ".join(filter(None, (text("policy"), text("outcome"))))),
                ("Duration", figure("duration_ms", "ms")),
                ("Upstream", figure("upstream_ms", "ms")),
                ("Sent", figure("response_bytes", "bytes")),
            ],
            "Gateway": [
                ("API", " ".join(filter(None, (text("api"), text("version"))))),
                ("Route", text("route")),
                ("Environment", text("environment")),
                ("Gateway", f"{text('gateway')} ({text('gateway_kind')})"),
                ("Instance", text("instance")),
                ("Reporter", text("reporter")),
                ("Upstream", " ".join(filter(None, (text("upstream"), text("upstream_address"))))),
            ],
            "Client": [
                ("Consumer", text("consumer")),
                ("Address", text("client_address")),
                ("User agent", text("user_agent")),
            ],
            "Attributes": [(str(name), str(value)) for name, value in listed],
        }
    )


def _links(view: View, found: Mapping[str, Any]) -> Component:
    like = view.but(selected="")
    for dimension in ("api", "route", "method", "status"):
        value = str(found[dimension])
        like = like.only(dimension, "" if dimension == "status" and value == "0" else value)
    links = [
        html.A("Close", href=view.href(selected=""), className="choice-chip"),
        html.A("More like this", href=like.href(), className="choice-chip"),
    ]
    if trace := str(found["trace_id"]):
        links.append(html.A("Trace", href=view.to("/traces", trace).href(), className="choice-chip"))
    if api := str(found["api"]):
        links.append(html.A(f"API {api}", href=view.to("/apis", api).href(), className="choice-chip"))
    return html.Div(links, className="record-links")
