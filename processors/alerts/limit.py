"""How many alerts a rule may have: clients can invent names, and each of them would be an alert."""

from collections.abc import Sequence

from processors.alerts.fingerprint import fingerprint
from processors.alerts.rule import Rule
from processors.alerts.state import Alerts, Sample


def within_limit(rule: Rule, previous: Alerts, samples: Sequence[Sample]) -> tuple[list[Sample], int]:
    """The samples of alerts that the rule may have, and how many more would meet it.

    Alerts that there are stay; others are taken in the order of the samples for as long as there is room. Those that
    are over and not told yet take room too, for names may be new at each evaluation.
    """
    meeting = [sample for sample in samples if rule.is_met_by(sample.value, sample.requests)]
    if not rule.limit or len(meeting) + len(previous) <= rule.limit:
        return meeting, 0
    known: list[Sample] = []
    new: list[Sample] = []
    for sample in meeting:
        (known if fingerprint(rule.labels_of(sample.group)) in previous else new).append(sample)
    room = max(rule.limit - len(previous), 0)
    return known + new[:room], len(new[room:])
