"""Where rows lead that no page is about: to SQL with the statement filled in."""

from urllib.parse import urlencode

from dashboards.state.view import View
from storage.settings import literal


def ledger_of(view: View, format_name: str) -> str:
    """The ledger entries of a format, the newest segment first."""
    return _sql(
        view,
        f"SELECT *\nFROM books\nWHERE format = {literal(format_name)}\nORDER BY received_at DESC\nLIMIT 100",
    )


def letters_of(view: View, format_name: str, reason: str) -> str:
    """The dead letters of a format and reason, the newest first."""
    return _sql(
        view,
        "SELECT received_at, environment, gateway, peer, substring(body, 1, 2000) AS beginning, segment_id\n"
        f"FROM dead_letters\nWHERE format = {literal(format_name)} AND reason = {literal(reason)}\n"
        "ORDER BY received_at DESC\nLIMIT 100",
    )


def rows_of(view: View, table: str) -> str:
    """Some rows of a table."""
    return _sql(view, f"SELECT *\nFROM {table}\nLIMIT 100")


def _sql(view: View, sql: str) -> str:
    return f"/sql?{urlencode({'from': view.start, 'to': view.end, 'sql': sql})}"
