"""What APIs or consumers cost of a gateway's CPU."""

from collections.abc import Sequence

import pandas as pd

from dashboards import formats
from dashboards.absent import value_text
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.pages.consumers import one_consumer as consumers
from dashboards.pages.gateways.scope import instance_filter
from dashboards.pages.shared.api_rows import PATH
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.resources.cost import cost

_NAMES = {"api": "API", "consumer": "Consumer"}
# Where one of each is shown.
_PAGES = {"api": PATH, "consumer": consumers.PATH}


def cost_panel(parts: PageParts, by: str = "api") -> Panel:
    """CPU milliseconds per 1,000 requests."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = cost(parts.store, parts.handled, context.window, by, instance_filter(context))
        known = found.costs.dropna(subset=["cpu_ms_per_1000"]).sort_values("cpu_seconds", ascending=False)
        if known.empty:
            return empty(silence_note(found.fits) or "No CPU data alongside requests in this range")
        columns = (Column("name", _NAMES[by], cell=lambda row: value_text(by, row["name"])), *_COLUMNS)

        def href(row: Row) -> str:
            return context.view.to(_PAGES[by], value_text(by, row["name"])).href()

        return table(context, f"cost-by-{by}", columns, records(known), href=href, note=fit_note(found.fits))

    return Panel(
        f"cost-by-{by}",
        f"CPU cost by {_NAMES[by] if by == 'api' else by}",
        draw,
        span=6,
        height=200,
        help="How much CPU usage rises with these requests; left out if the fit is poor",
    )


def silence_note(fits: pd.DataFrame) -> str:
    """Why there is nothing, by environment where there are several."""
    silent = records(fits[fits["silent_because"] != ""])
    if len({row["silent_because"] for row in silent}) < 2:
        return str(silent[0]["silent_because"]) if silent else ""
    return ". ".join(f"{row['environment']}: {row['silent_because']}" for row in silent)


def fit_note(fits: pd.DataFrame) -> str:
    """How far the figures can be trusted, by environment where there are several."""
    usable = records(fits[fits["silent_because"] == ""])
    return ". ".join(
        f"Traffic{' of ' + fit['environment'] if len(usable) > 1 else ''} explains "
        f"{formats.show('share', fit['r_squared'])} of the CPU; "
        f"idle it takes {formats.show('cores', fit['idle_cores'])}"
        for fit in usable
    )


def _per_thousand(row: Row) -> Cell:
    return f"{formats.show('ms', row['cpu_ms_per_1000'])} ± {formats.show('ms', row['margin'])}"


_COLUMNS = (
    Column("requests", "Requests", "count", rank=1),
    Column("cpu_ms_per_1000", "CPU per 1,000 requests", cell=_per_thousand, numeric=True),
    Column("cpu_share", "Share of CPU", "share"),
)
