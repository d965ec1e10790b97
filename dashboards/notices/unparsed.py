"""The notice of records that could not be parsed: how many came, why, and where they are."""

from urllib.parse import urlencode

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.notice import notice
from dashboards.state.view import View
from processors.ingest.pipeline import MUCH_UNPARSED, Severity, Trouble
from storage.sql import load

_MOST_REASONS = 3


def few_unparsed(found: pd.DataFrame, parsed: int) -> list[Trouble]:
    """One line, where most of what came is in the figures; else there is `unparsed_notice`."""
    if found.empty or _is_much(found, parsed):
        return []
    reasons = ", ".join(_reasons(found))
    return [Trouble(Severity.WARNING, "unparsed", f"{_title(found)}: {reasons}")]


def unparsed_notice(found: pd.DataFrame, view: View, parsed: int) -> Component | None:
    """Of dead letters by `format` and `reason`, in `records`, against `parsed` requests; None unless they are many."""
    if found.empty or not _is_much(found, parsed):
        return None
    sql = load("dashboards.pages.sql.examples", "dead_letters").strip()
    link = f"/sql?{urlencode({'from': view.start, 'to': view.end, 'sql': sql})}"
    return notice(
        "bad",
        _title(found),
        html.Ul([html.Li(reason) for reason in _reasons(found)]),
        html.P(
            [
                "They are in none of the figures here, but they are kept. Check that the format in the address, in the"
                " settings or of the import is that of the log. ",
                html.A("View them", href=link),
                ", or ",
                html.A("parse them again", href=view.to("/ingest").href()),
                " once the format is right.",
            ]
        ),
        identity="set-aside",
    )


def _is_much(found: pd.DataFrame, parsed: int) -> bool:
    records = int(found["records"].sum())
    return records >= MUCH_UNPARSED * (records + parsed)


def _title(found: pd.DataFrame) -> str:
    records = int(found["records"].sum())
    return f"{formats.show('count', records)} unparsed record{'' if records == 1 else 's'} in this time range"


def _reasons(found: pd.DataFrame) -> list[str]:
    return [
        f"{formats.show('count', int(row['records']))} × {row['reason']} (as {row['format']})"
        for row in found.head(_MOST_REASONS).to_dict("records")
    ]
