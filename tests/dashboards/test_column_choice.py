"""Columns are chosen in the address, for each table of a page by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dashboards import formats
from dashboards.components.column_choice import chosen_columns
from dashboards.components.table import Column, Row, table
from dashboards.state.context import PageContext
from dashboards.state.view import View, parse_view

_KEYS = ("api", "rate", "p50", "p95", "p99", "apdex")
_COLUMNS = [Column(key, key.upper(), rank=number) for number, key in enumerate(_KEYS)]


def _shown(view: View) -> tuple[list[str], dict[str, View]]:
    """The keys of the columns, and where the links lead, by their label."""
    rows = [dict.fromkeys(_KEYS, "1")]
    drawn: Any = table(PageContext(view, datetime(2026, 11, 23, tzinfo=UTC)), "apis", _COLUMNS, rows)
    assert all(len(row["cells"]) == len(drawn.columns) for row in drawn.rows)
    links = {choice["label"]: urlsplit(choice["href"]) for choice in drawn.choices}
    keys = [column["key"] for column in drawn.columns if chosen_columns(view, "apis") is None or column["rank"] == 0]
    return keys, {label: parse_view(link.path, f"?{link.query}") for label, link in links.items()}


def test_a_link_takes_a_column_away_and_another_gives_it_back() -> None:
    start = parse_view("/apis", "?from=now-6h&columns=others:a,b")
    keys, links = _shown(start)
    assert keys == list(_KEYS)
    keys, fewer = _shown(links["P50"])
    assert keys == ["api", "rate", "p95", "p99", "apdex"]
    assert _shown(fewer["P50"])[0] == list(_KEYS)
    assert fewer["P99"].start == "now-6h"
    assert chosen_columns(fewer["P99"], "others") == ["a", "b"]
    assert fewer["Default"] == start


def test_the_first_column_stays_and_what_is_unknown_is_passed_over() -> None:
    assert _shown(parse_view("/apis", "?columns=apis:nothing,p95"))[0] == ["api", "p95"]
    assert _shown(parse_view("/apis", "?columns=apis:"))[0] == ["api"]


def test_a_small_table_has_nothing_to_choose() -> None:
    context = PageContext(parse_view("/apis", ""), datetime(2026, 11, 23, tzinfo=UTC))
    assert not hasattr(table(context, "apis", _COLUMNS[:4], []), "choices")


def test_a_column_that_says_nothing_gives_way_and_can_be_chosen() -> None:
    columns = [
        *_COLUMNS,
        Column("owner", "OWNER", rank=3),
        Column("tags", "TAGS", cell=lambda _row: {"tags": []}, rank=4),
    ]
    rows = [{**dict.fromkeys(_KEYS, "1"), "owner": "", "p99": formats.NOTHING}, dict.fromkeys(_KEYS, "2")]

    def shown(search: str, rows: Sequence[Row]) -> tuple[list[str], list[str]]:
        context = PageContext(parse_view("/apis", search), datetime(2026, 11, 23, tzinfo=UTC))
        drawn: Any = table(context, "apis", columns, rows)
        return [one["key"] for one in drawn.columns], [one["label"] for one in drawn.choices if not one["shown"]]

    assert shown("", rows) == (list(_KEYS), ["OWNER", "TAGS"])
    assert shown("", rows[:1]) == (["api", "rate", "p50", "p95", "apdex"], ["P99", "OWNER", "TAGS"])
    assert shown("?columns=apis:owner", rows)[0] == ["api", "owner"]
    # Without rows, the headings say what would stand there.
    assert shown("", []) == ([column.key for column in columns], [])
