"""What is wrong with the pipeline, in sentences that lead to where there is more."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.components.icon import icon
from dashboards.state.view import View
from processors.ingest.pipeline import Severity, Trouble

_INGEST = "/ingest"
_ICONS = {Severity.BAD: "alert-circle", Severity.WARNING: "alert-triangle"}


def trouble_list(found: Sequence[Trouble], view: View) -> Component | None:
    """A line each; None where nothing is wrong."""
    if not found:
        return None
    return html.Div(
        html.Ul(
            [
                html.Li(
                    [
                        icon(_ICONS[one.severity]),
                        html.Span(one.text),
                        _link(view),
                    ],
                    className=f"tone-{one.severity}",
                )
                for one in found
            ]
        ),
        className="attention-list",
        role="alert" if any(one.severity is Severity.BAD for one in found) else "status",
        id="pipeline-troubles",
    )


def _link(view: View) -> Component | None:
    """To the page that has more, from any other."""
    if view.path == _INGEST:
        return None
    return html.A("Ingest →", href=view.to(_INGEST).href(), className="to-requests")
