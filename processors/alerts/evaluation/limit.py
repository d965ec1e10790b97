"""How many alerts a rule may have: clients can invent names, and each of them would be an alert."""

from collections.abc import Sequence

from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alerts
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample


def within_limit(rule: Rule, previous: Alerts, samples: Sequence[Sample]) -> tuple[list[Sample], int]:
    """The samples that may become alerts of the rule, and how many more would.

    Alerts that there are stay, and what is known of their groups; others are taken, the busiest first, for as long as
    there is room. Those that are over and not notified yet take room too, for names may be new at each evaluation.
    """
    if not rule.limit or len(samples) + len(previous) <= rule.limit:
        return list(samples), 0
    taken: list[Sample] = []
    room, beyond = max(rule.limit - len(previous), 0), 0
    # Names that somebody invents have few requests each.
    for sample in sorted(samples, key=lambda one: -one.requests):
        is_met = sample.requests >= rule.min_requests and any(one.holds(sample.value) for one in rule.judged(sample))
        if _is_known(rule, previous, sample):
            taken.append(sample)
        elif is_met and room:
            taken.append(sample)
            room -= 1
        else:
            beyond += is_met
    return taken, beyond


def _is_known(rule: Rule, previous: Alerts, sample: Sample) -> bool:
    return bool(previous) and any(
        fingerprint(rule.labels_of(sample.group, one)) in previous for one in rule.judged(sample)
    )
