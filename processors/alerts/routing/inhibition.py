"""Inhibition: alerts that say nothing new while another one fires, as Alertmanager has it.

https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
"""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from processors.alerts.evaluation.state import Alert
from processors.alerts.routing.matchers import Matchers, all_match


class InhibitRule(BaseModel):
    """Mutes target alerts while a source alert with the same `equal` labels fires."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_matchers: Matchers
    target_matchers: Matchers
    equal: tuple[str, ...] = ()

    def inhibits(self, source: Alert, target: Alert) -> bool:
        """Whether the first mutes the second. No alert mutes itself, nor do two that match both sides."""
        return (
            source.is_firing
            and source.fingerprint != target.fingerprint
            and all_match(self.source_matchers, source.labels)
            and all_match(self.target_matchers, target.labels)
            and not (all_match(self.target_matchers, source.labels) and all_match(self.source_matchers, target.labels))
            and all(source.labels.get(name, "") == target.labels.get(name, "") for name in self.equal)
        )


class Inhibitions:
    """What inhibits what among the alerts of one moment."""

    def __init__(self, rules: Iterable[InhibitRule], alerts: Iterable[Alert]) -> None:
        firing = [alert for alert in alerts if alert.is_firing]
        # By rule and the values of its `equal`, so that a thousand alerts are not compared with a thousand.
        self._sources: list[tuple[InhibitRule, dict[tuple[str, ...], list[Alert]]]] = []
        for rule in rules:
            sources: dict[tuple[str, ...], list[Alert]] = {}
            for alert in firing:
                if all_match(rule.source_matchers, alert.labels):
                    sources.setdefault(_key(rule.equal, alert), []).append(alert)
            if sources:
                self._sources.append((rule, sources))

    def source_of(self, target: Alert) -> Alert | None:
        """An alert that mutes this one, or None."""
        for rule, sources in self._sources:
            for source in sources.get(_key(rule.equal, target), ()):
                if rule.inhibits(source, target):
                    return source
        return None


def _key(equal: Sequence[str], alert: Alert) -> tuple[str, ...]:
    return tuple(alert.labels.get(name, "") for name in equal)


# The default: of the same rule and group, only the worst severity is notified.
DEFAULT_INHIBIT_RULES = (
    InhibitRule.model_validate(
        {
            "source_matchers": ["severity=critical"],
            "target_matchers": ['severity=~"warning|info"'],
            "equal": [
                "alertname", "environment", "gateway_kind", "gateway", "instance", "api", "api_version", "version",
                "route", "method", "consumer", "upstream",
            ],
        }
    ),
)  # fmt: skip
