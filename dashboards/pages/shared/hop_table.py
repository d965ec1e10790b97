"""The time of one call, hop by hop, as a table."""

import pandas as pd

from dashboards.components.own import Table
from dashboards.components.table import Column, Row, records, table
from dashboards.state.context import PageContext

# Where a gateway is shown.
_GATEWAYS = "/gateways"


def hop_table(context: PageContext, panel: str, frame: pd.DataFrame) -> Table:
    """The rows of `hops`, each within the one that it is indented below."""

    def href(row: Row) -> str:
        return context.view.to(_GATEWAYS, str(row["gateway"])).href() if row["gateway"] else ""

    return table(context, panel, _COLUMNS, records(frame), href=href, empty="Only this gateway reported the call")


def _where(row: Row) -> str:
    name = str(row["gateway"] or row["api"])
    return f"{'  ' * int(row['depth'])}{'└ ' if row['depth'] else ''}{name}"


_COLUMNS = (
    Column("gateway", "Hop", cell=_where),
    Column("reporter", "Role", rank=1),
    Column("duration_ms", "Total", "ms"),
    Column("gateway_ms", "Own time", "ms", help="Time in the gateway itself, without its upstream"),
    Column(
        "between_ms",
        "Network",
        "ms",
        rank=1,
        help="The network, and services that report nothing",
    ),
    Column("status", "Status", rank=2),
)
