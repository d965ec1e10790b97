"""How far work behind the pages is, in a line above each of them."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.under_way import Work

# The region that is filled at each refresh.
PROGRESS = "progress"


def progress_lines(works: Sequence[Work]) -> Component | None:
    """A line each; None where nothing is worked at."""
    if not works:
        return None
    return html.Div([_line(work) for work in works], className="progress-lines", role="status")


def _line(work: Work) -> Component:
    percent = int(100 * min(max(work.share, 0), 1))
    return html.Div(
        [
            html.Span(work.name),
            html.Div(
                html.Div(style={"width": f"{percent}%"}),
                className="progress-bar",
                role="progressbar",
                **attributes(
                    {
                        "aria-label": work.name,
                        "aria-valuenow": str(percent),
                        "aria-valuemin": "0",
                        "aria-valuemax": "100",
                    }
                ),
            ),
            html.Span(f"{percent} %", className="progress-share"),
            html.Span(work.detail, className="progress-detail") if work.detail else None,
        ],
        className="progress-line",
    )
