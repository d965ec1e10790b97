"""What is known of APIs as columns, badges and cells."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards import formats
from dashboards.components.table import Cell, Column, Row
from dashboards.pages.shared.api_facts import KnownFacts, Usual
from processors.catalogue.catalogue import ApiEntry, ApiState
from processors.slo.slos import Standing

_NEARLY_SPENT = 0.25
_SHOWN_STATES = (ApiState.SHADOW, ApiState.ZOMBIE)


def with_facts(known: KnownFacts, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of APIs, `api` in each, with what FACT_COLUMNS show."""
    entries, standings, usual = known.entries, known.standings, known.usual
    has_documents = any(entry.has_document for versions in entries.values() for entry in versions)
    return [
        {
            **row,
            "owner": next((entry.owner for entry in entries.get(row["api"], ())), ""),
            "tags": next((list(entry.tags) for entry in entries.get(row["api"], ())), []),
            "badges": badges(entries.get(row["api"], ()), has_documents=has_documents),
            "standing": worst(standings.get(row["api"], ())),
            "usual": usual.get(row["api"]),
        }
        for row in rows
    ]


def badges(entries: Sequence[ApiEntry], *, has_documents: bool) -> list[str]:
    """'zombie v1', 'shadow', and where others have a document, 'undocumented'."""
    found = [f"{entry.state} {entry.version}".strip() for entry in entries if entry.state in _SHOWN_STATES]
    is_undocumented = has_documents and any(entry.requests for entry in entries) and not entries[0].has_document
    return [*dict.fromkeys(found), *(["undocumented"] if is_undocumented else [])]


def worst(standings: Sequence[Standing]) -> Standing | None:
    """Of an API's objectives the one with the least of its budget left."""
    known = [standing for standing in standings if standing.budget_left is not None]
    return min(known, key=lambda standing: standing.budget_left or 0.0, default=None)


def budget_cell(standing: Standing | None) -> Cell:
    """How much of the error budget is left, as a bar; in words where the pointer is."""
    if standing is None or standing.budget_left is None:
        return None
    left = standing.budget_left
    is_burning = any(each.is_too_fast for each in standing.burning)
    tone = "bad" if left <= 0 else "warning" if left < _NEARLY_SPENT or is_burning else "good"
    title = f"{standing.objective.name}: {standing.words}"
    return {"text": formats.show("share", max(left, 0.0)), "bar": max(left, 0.0), "tone": tone, "title": title}


def _usual(row: Row) -> Cell:
    usual: Usual | None = row["usual"]
    if usual is None:
        return None
    band = f"{formats.show('ms', usual.lower)} – {formats.show('ms', usual.upper)}"
    was = f"{formats.show('ms', usual.value)} in the last whole hour"
    if usual.is_unusual:
        return {
            "text": f"above {formats.show('ms', usual.upper)}",
            "tone": "warning",
            "title": f"{was}; usually {band}",
        }
    return {"text": band, "title": was}


# The rank of columns that give way first.
LAST = 6
FACT_COLUMNS = (
    Column(
        "budget",
        "SLO budget",
        cell=lambda row: budget_cell(row["standing"]),
        rank=2,
        numeric=True,
        help="The remaining error budget of the objective with the least left",
    ),
    Column(
        "usual",
        "Usual p95",
        cell=_usual,
        rank=LAST,
        numeric=True,
        help="The band of the same hour of the week in the six weeks before, for the last whole hour of the range",
    ),
    Column("owner", "Owner", rank=LAST),
    Column("tags", "Tags", cell=lambda row: {"tags": row["tags"]}, rank=LAST),
    Column("badges", "Catalogue", cell=lambda row: {"tags": row["badges"]}, rank=LAST),
)
