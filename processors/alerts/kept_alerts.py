"""The alerts of all rules as they go from round to round, and what the store has of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from processors.alerts.evaluation.alert_set import AlertSet, restored
from processors.alerts.evaluation.state import Alert, Transition, resolve
from processors.alerts.rules.rule import Rule
from processors.alerts.store.alert_store import AlertStore
from storage.store import Store


class KeptAlerts:
    """Alerts for one writer and any number of readers, and the changes that the store has not taken yet."""

    def __init__(self, store: Store, rules: Callable[[], Mapping[str, Rule]]) -> None:
        self.store = AlertStore(store, rules)
        self._rules = rules
        self.alerts = AlertSet()
        self._unrecorded: list[Transition] = []
        self.last_round: datetime | None = None

    def restore(self, now: datetime) -> None:
        """Restore alerts: otherwise pending ones would start over and all be notified again. Raises StoreError."""
        alerts, transitions = restored(self.store.load(), self._rules(), now)
        self.last_round = self.store.last_round()
        self.alerts = AlertSet()
        self.alerts.put(alerts)
        self._unrecorded = transitions

    def stored(self) -> AlertSet:
        """The alerts as another engine has stored them. Raises StoreError."""
        found = AlertSet()
        found.put(stored.alert for stored in self.store.load())
        return found

    def take(self, alerts: Iterable[Alert], transitions: Iterable[Transition]) -> None:
        """Take what an evaluation has made of the alerts of a rule."""
        changes = list(transitions)
        self.alerts.put([*alerts, *(change.alert for change in changes)])
        self._unrecorded += changes

    def end_without_rule(self, now: datetime) -> None:
        """End the alerts of rules that are gone."""
        rules = self._rules()
        for alert in self.alerts.active():
            if alert.rule not in rules and (ended := resolve(alert, now)).state is not alert.state:
                self.take([ended], [Transition(ended, alert.state, now)])

    def save(self, now: datetime) -> None:
        """Store states and changes; what the store does not take is kept for the next time. Raises StoreError."""
        alerts, transitions = self.alerts.changed(), list(self._unrecorded)
        self.store.record(transitions)
        del self._unrecorded[: len(transitions)]
        self.store.save(alerts, now)
        self.alerts.stored(alerts)
        self.store.save_round(now)
