"""Alerts over HTTP: what fires, rules, silences, receivers; what changes something says in whose name."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from dashboards.access.writer import writer_of
from dashboards.api.alerts_json import AcknowledgeBody, RuleBody, SilenceBody, alert_json, rule_json, silence_json
from dashboards.api.backtest_json import BacktestBody, backtest_json, backtest_window
from dashboards.api.faults import answered, fault_response
from processors.alerts.channels.trial import try_channels
from processors.alerts.engine import AlertEngine
from processors.alerts.rule_source import rule_of, rules_yaml
from storage.errors import GatelensError
from storage.faults import with_cure

_YAML = "application/yaml; charset=utf-8"

Limit = Annotated[int, Query(ge=1, le=10_000)]


def alerts_api(engine: AlertEngine, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")
    _add_alerts(router, engine, clock)
    _add_rules(router, engine, clock)
    _add_silences(router, engine, clock)
    _add_receivers(router, engine, clock)
    return router


def _add_alerts(router: APIRouter, engine: AlertEngine, clock: Callable[[], datetime]) -> None:
    @router.get("/alerts")
    def alerts(state: str = "") -> Response:
        found, now = engine.alerts(), clock()
        inhibitions = engine.notifier.inhibitions(found)
        shown = [alert for alert in found if state in ("", alert.state.value)]
        listed = [alert_json(alert, engine.notifier, inhibitions, now) for alert in shown]
        return JSONResponse({"alerts": listed, "fault": engine.fault, "leads": engine.leads})

    @router.get("/alerts/history")
    def history(limit: Limit = 500, rule: str = "", api: str = "") -> Response:
        return answered(lambda: {"changes": _records(engine.history(limit, rule=rule, api=api))})

    @router.post("/alerts/{fingerprint}/acknowledge")
    def acknowledge(fingerprint: str, body: AcknowledgeBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            writer = writer_of(request)
            alert = engine.acknowledge(fingerprint, body.owner or writer, body.note, clock())
            return alert_json(alert, engine.notifier, engine.notifier.inhibitions(engine.alerts()), clock())

        return answered(work)


def _add_rules(router: APIRouter, engine: AlertEngine, clock: Callable[[], datetime]) -> None:
    @router.get("/alerts/rules")
    def rules() -> Response:
        def work() -> dict[str, Any]:
            definitions = {rule.name: rule.definition for rule in engine.source.stored()}
            return {"rules": [rule_json(status, definitions) for status in engine.overview()]}

        return answered(work)

    @router.get("/alerts/rules/export")
    def export() -> Response:
        try:
            return PlainTextResponse(rules_yaml(engine.source.stored()), media_type=_YAML)
        except GatelensError as error:
            return fault_response(with_cure(error))

    @router.post("/alerts/rules")
    def put_rule(body: RuleBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            rule = engine.source.put(body.definition, writer_of(request), clock())
            return rule_json(engine.status(rule), {rule.name: body.definition})

        return answered(work)

    @router.post("/alerts/rules/check")
    def check(body: RuleBody) -> Response:
        return answered(lambda: {"name": engine.source.parse(body.definition).name})

    @router.post("/alerts/rules/backtest")
    def test_rules(body: BacktestBody) -> Response:
        def work() -> dict[str, Any]:
            window = backtest_window(body.start, body.end, clock())
            return backtest_json(engine.backtest([rule_of(rule) for rule in body.rules], window))

        return answered(work)

    @router.delete("/alerts/rules/{name:path}")
    def delete_rule(name: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            engine.source.delete(name, writer_of(request), clock())
            return {"name": name}

        return answered(work)


def _add_silences(router: APIRouter, engine: AlertEngine, clock: Callable[[], datetime]) -> None:
    @router.get("/silences")
    def silences() -> Response:
        now = clock()
        return JSONResponse({"silences": [silence_json(one, now) for one in engine.notifier.silences()]})

    @router.post("/silences")
    def put_silence(body: SilenceBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            now = clock()
            silence = body.silence(writer_of(request), now)
            engine.notifier.put_silence(silence, now)
            return silence_json(silence, now)

        return answered(work)

    @router.delete("/silences/{identity}")
    def expire(identity: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            writer_of(request)
            now = clock()
            return silence_json(engine.notifier.expire_silence(identity, now), now)

        return answered(work)


def _add_receivers(router: APIRouter, engine: AlertEngine, clock: Callable[[], datetime]) -> None:
    @router.get("/alerts/receivers")
    def receivers() -> Response:
        faults = {(fault.receiver, fault.channel): fault for fault in engine.notifier.faults}
        return JSONResponse(
            {
                "receivers": [
                    {
                        "name": name,
                        "origin": engine.source.current.receiver_origin(name).value,
                        "channels": [
                            {
                                "name": channel,
                                "address": config.shown,
                                "fault": faults[name, channel].message if (name, channel) in faults else "",
                            }
                            for channel, config in receiver.channels.items()
                        ],
                    }
                    for name, receiver in engine.source.current.file.routing.receivers.items()
                ]
            }
        )

    @router.post("/alerts/receivers")
    def put_receiver(body: RuleBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            receiver = engine.source.put_receiver(body.definition, writer_of(request), clock())
            return {"name": receiver.name, "channels": list(receiver.channels)}

        return answered(work)

    @router.delete("/alerts/receivers/{name:path}")
    def delete_receiver(name: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            engine.source.delete_receiver(name, writer_of(request), clock())
            return {"name": name}

        return answered(work)

    @router.post("/alerts/receivers/{name:path}/test")
    def test(name: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            writer_of(request)
            results = try_channels(engine.source.receiver(name), engine.external_url, clock())
            return {
                "channels": {channel: {"delivered": not error, "error": error} for channel, error in results.items()}
            }

        return answered(work)

    @router.get("/alerts/deliveries")
    def deliveries(limit: Limit = 500) -> Response:
        return answered(lambda: {"deliveries": _records(engine.notifier.deliveries(limit))})


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: moments as text, and nothing that it cannot hold."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if isinstance(value, float) and math.isnan(value) else value
