"""What the last evaluation of each rule came to."""

import logging
from collections.abc import Iterable
from datetime import datetime

from processors.alerts.evaluation.rule_status import RuleStatus, status_of
from processors.alerts.evaluation.state import Alert
from processors.alerts.rules.rule import Rule

_log = logging.getLogger(__name__)


class RuleRecords:
    """By rule: when it was evaluated, how many groups it judged, and why it could not be."""

    def __init__(self) -> None:
        self._evaluated: dict[str, datetime] = {}
        self._found: dict[str, int] = {}
        self._faults: dict[str, str] = {}
        # How many more groups of requests meet the rule than its limit lets become alerts.
        self.beyond_limit: dict[str, int] = {}

    def evaluated(self, rule: Rule, now: datetime, found: int, beyond: int) -> None:
        """Note an evaluation that judged so many groups."""
        if beyond and not self.beyond_limit.get(rule.name):
            _log.warning(
                "A rule is met by more groups of requests than its limit; the others are counted and are no alerts.",
                extra={"rule": rule.name, "limit": rule.limit, "beyond": beyond},
            )
        self._evaluated[rule.name] = now
        self._found[rule.name] = found
        self.beyond_limit[rule.name] = beyond
        self._faults[rule.name] = ""

    def failed(self, rule: Rule, fault: str) -> None:
        """Note an evaluation that failed; it is logged once while it is the same."""
        if fault != self._faults.get(rule.name):
            _log.error("A rule could not be evaluated.", extra={"rule": rule.name, "error": fault})
        self._faults[rule.name] = fault

    def status(self, rule: Rule, alerts: Iterable[Alert], origin: str, fault: str) -> RuleStatus:
        """Where a rule stands; `fault` is what keeps all of them from being evaluated."""
        return status_of(
            rule,
            alerts,
            origin=origin,
            last_evaluated=self._evaluated.get(rule.name),
            found=self._found.get(rule.name),
            fault=self._faults.get(rule.name, "") or fault,
            beyond_limit=self.beyond_limit.get(rule.name, 0),
        )
