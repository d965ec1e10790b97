"""What is wrong with alerting itself, above its tabs; and the way to the editor."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.pages.alerts.firing import new_rule_link
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.query.answer import Answer

_EXAMPLE = """receivers:
- name: on-call
  webhook: {url: "${env:ON_CALL_WEBHOOK}"}
route:
  receiver: on-call"""


def notices_panel(engine: AlertEngine) -> Panel:
    """Faults of rules' file, of the store and of channels."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        return [html.Div(new_rule_link(context), className="alert-bar"), _faults(engine, context.view)]

    return Panel("alerts-notice", "Notices", draw, bare=True)


def _faults(engine: AlertEngine, view: View) -> Component | None:
    faults = [html.Li(f"{fault.receiver}: {fault.message}") for fault in engine.notifier.faults]
    if engine.fault:
        faults.append(html.Li(engine.fault))
    if faults:
        return notice("bad", "Alerting is degraded; what failed is retried", html.Ul(faults))
    if not engine.leads:
        return notice(
            "info",
            "Another process evaluates rules and sends notifications",
            html.P(
                "Its stored state is shown here; silences, acknowledgements and changes reach it within 15 seconds."
            ),
        )
    if not engine.overview() and not engine.notifier.routing.receivers:
        return _no_receivers(view.but(tab="receivers").href())
    return None


def _no_receivers(receivers: str) -> Component:
    return notice(
        "info",
        "No rules and no receivers yet",
        html.P(
            [
                "Create a receiver on the ",
                html.A("Receivers", href=receivers),
                " tab and a rule with New rule; or write both into a YAML file, and name it in the configuration as "
                "alerts.rules. docs/alerts.md has every key.",
            ]
        ),
        dmc.Code(_EXAMPLE, block=True),
    )
