"""What policies did to an API's requests."""

from dashboards.components.table import Cell, Column, Row
from dashboards.pages.shared.breakdowns import Breakdown, breakdown_panel, named, narrowed, rates_panel
from dashboards.panel import Panel
from processors.query.filters import Filter, Operator

_BY_POLICY = Filter("policy", Operator.PRESENT)


def over_time() -> Panel:
    """Requests that each policy ended."""
    return rates_panel("policy-rates", "Requests ended by a policy", "policy", (_BY_POLICY,))


def by_policy() -> Panel:
    """Violations and errors of each policy, with whom they met."""
    return breakdown_panel(
        Breakdown(
            "policies",
            "Policies",
            ("policy", "outcome", "status"),
            ("requests", "consumers"),
            (
                named("policy", "Policy"),
                Column("outcome", "Outcome", cell=_outcome),
                Column("status", "Status", "plain", sort="status"),
                Column("requests", "Requests", "count", sort="requests"),
                Column("consumers", "Consumers", "count", rank=1, sort="consumers"),
            ),
            filters=(_BY_POLICY,),
            empty="No policy ended a request in this range",
            href=narrowed(("policy", "outcome"), "/requests"),
            help="Violations are requests that a policy refused; errors are failures of a policy itself",
        )
    )


def _outcome(row: Row) -> Cell:
    outcome = str(row["outcome"])
    return {
        "glyph": True,
        "tone": "bad" if outcome == "error" else "warning",
        "text": outcome.capitalize() or "Not known",
    }
