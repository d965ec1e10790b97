"""What a page shows while the segment ledger does not balance."""

import dash_mantine_components as dmc
from dash.development.base_component import Component

from dashboards.icon import icon


def ledger_notice(fault: str) -> list[Component]:
    """An alert with the fault and its cure; nothing without a fault."""
    if not fault:
        return []
    return [
        dmc.Alert(
            fault,
            title="What was accepted is not what is stored",
            color="red",
            variant="light",
            mb="md",
            icon=icon("alert-triangle"),
            id="ledger-differences",
        )
    ]
