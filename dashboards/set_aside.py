"""What a page tells of records that could not be understood: how many came, why, and where they are."""

from urllib.parse import urlencode

import dash_mantine_components as dmc
import pandas as pd
from dash.development.base_component import Component

from dashboards import formats
from storage.sql import load

_MOST_REASONS = 3


def notice(found: pd.DataFrame) -> Component | None:
    """Of dead letters by `format` and `reason`, in `records`; None where there are none."""
    if found.empty:
        return None
    reasons = [
        dmc.ListItem(f"{formats.count(int(row['records']))} × {row['reason']} (as {row['format']})")
        for row in found.head(_MOST_REASONS).to_dict("records")
    ]
    records = int(found["records"].sum())
    letters = urlencode({"sql": load("dashboards.pages.examples", "dead_letters")})
    return dmc.Alert(
        [
            dmc.List(reasons, size="sm"),
            dmc.Text(
                "They are in no figure here, and nothing of them is lost. Check that the format in the address, in the "
                "settings or of the import is that of the log.",
                size="sm",
                mt="xs",
            ),
            # An anchor's address would lose the lines of the statement.
            dmc.NavLink(
                label="Look at them",
                href=f"/sql?{letters}",
                refresh=False,
                px=0,
                active=True,
                variant="subtle",
                color="orange",
            ),
        ],
        title=f"{formats.count(records)} record{'' if records == 1 else 's'} of this time range could not be read",
        color="orange",
        variant="light",
        mb="md",
        id="set-aside",
    )
