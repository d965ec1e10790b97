"""What a page shows while the segment ledger does not balance."""

from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.state.view import View


def ledger_notice(fault: str, view: View) -> list[Component]:
    """A notice with the fault and its cure; nothing without a fault."""
    if not fault:
        return []
    return [
        notice(
            "bad",
            "What was accepted does not match what is stored",
            html.P([f"{fault} ", html.A("The ledger", href=view.to("/ingest").href())]),
            identity="ledger-differences",
        )
    ]
