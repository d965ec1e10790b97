"""Where a rule stands as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from processors.alerts.evaluation.state import Alert, State
from processors.alerts.rules.rule import Rule


class RuleState(StrEnum):
    """The worst of a rule's alerts, or why there is nothing to say."""

    FIRING = "firing"
    RECOVERING = "recovering"
    PENDING = "pending"
    INACTIVE = "inactive"
    # It is not evaluated, as it says `enabled: false`.
    DISABLED = "disabled"
    # Nothing was found that the rule could judge.
    NO_DATA = "no_data"
    # The last evaluation failed; alerts are as the one before it left them.
    ERROR = "error"


@dataclass(frozen=True)
class RuleStatus:
    """Where a rule stands, and its alerts."""

    rule: Rule
    state: RuleState
    # Pending and firing ones, those that fire first, the oldest first.
    alerts: tuple[Alert, ...]
    last_evaluated: datetime | None
    # 'file' or 'stored'.
    origin: str = "file"
    # Why the last evaluation failed; '' when it did not.
    fault: str = ""
    # How many more groups of requests meet the rule than its limit lets become alerts.
    beyond_limit: int = 0
    # How many groups the last evaluation judged; None before the first.
    groups: int | None = None


_WORST_FIRST = (State.FIRING, State.RECOVERING, State.PENDING)


def status_of(
    rule: Rule,
    alerts: Iterable[Alert],
    *,
    origin: str,
    last_evaluated: datetime | None,
    found: int | None,
    fault: str,
    beyond_limit: int,
) -> RuleStatus:
    """Where a rule stands; `found` is how many groups the last evaluation judged, None before the first."""
    shown = [alert for alert in alerts if alert.state in _WORST_FIRST]
    shown.sort(key=lambda alert: (_WORST_FIRST.index(alert.state), alert.since, alert.fingerprint))
    if not rule.enabled:
        state = RuleState.DISABLED
    elif fault:
        state = RuleState.ERROR
    elif shown:
        state = RuleState(shown[0].state.value)
    else:
        state = RuleState.NO_DATA if found == 0 else RuleState.INACTIVE
    return RuleStatus(rule, state, tuple(shown), last_evaluated, origin, fault, beyond_limit, found)
