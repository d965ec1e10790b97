"""The engine: evaluates every rule in turn, keeps the states of alerts, tells receivers."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from opentelemetry.metrics import Meter

from processors.alerts.book import AlertBook, restored
from processors.alerts.delivery import Delivery, DeliveryFault
from processors.alerts.evaluate import evaluate
from processors.alerts.history import AlertStore
from processors.alerts.limit import within_limit
from processors.alerts.notifications import due, is_settled
from processors.alerts.rules import Rule, RuleFile
from processors.alerts.state import Alert, State, Transition, step
from processors.alerts.telemetry import AlertMetrics
from processors.alerts.webhook import WebhookSender
from storage.errors import StoreError
from storage.retry import Backoff
from storage.store import Store

_log = logging.getLogger(__name__)

# Of one call of a receiver; what it does not take then is sent again at the next evaluation.
_BACKOFF = Backoff(first=0.5, longest=1.0, tries=3)

DEFAULT_INTERVAL_SECONDS = 15.0


@dataclass(frozen=True)
class RuleStatus:
    """Where a rule stands; `state` is the worst of its alerts'."""

    rule: Rule
    state: State
    # Pending and firing ones, those that fire first, the oldest first.
    alerts: tuple[Alert, ...]
    last_evaluated: datetime | None
    # Why the last evaluation failed; '' when it did not.
    fault: str
    # How many more groups of requests meet the rule than its limit lets become alerts.
    beyond_limit: int = 0


class AlertEngine:
    """Alerting over one store, which no other engine may use at the same time.

    `start` begins to evaluate in a thread of its own, at once and then each `interval_seconds`; `stop` ends
    that, and what was not delivered is delivered after the next start.
    """

    def __init__(
        self,
        store: Store,
        rules: RuleFile,
        clock: Callable[[], datetime],
        meter: Meter,
        external_url: str,
        *,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        backoff: Backoff = _BACKOFF,
    ) -> None:
        self._store = store
        self._rules = {rule.name: rule for rule in rules.rules}
        self._receivers = {receiver.name: receiver for receiver in rules.receivers}
        self._delay = rules.delay
        self._clock = clock
        self._interval_seconds = interval_seconds
        self._metrics = AlertMetrics(meter)
        self._metrics.observe_firing(self._firing)
        self._metrics.observe_beyond_limit(lambda: {rule: self._beyond_limit.get(rule, 0) for rule in self._rules})
        self._stopping = threading.Event()
        self._sender = WebhookSender((rules.external_url or external_url).rstrip("/"))
        self._delivery = Delivery(self._sender.send, self._metrics, self._stopping, backoff)
        self._alert_store = AlertStore(store, self._rules)
        self._book = AlertBook()
        self._restored = False
        # Changes that the store has not taken yet.
        self._unrecorded: list[Transition] = []
        self._evaluated: dict[str, datetime] = {}
        self._faults: dict[str, str] = {}
        self._beyond_limit: dict[str, int] = {}
        self._fault = ""
        self._ticking = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)

    @property
    def fault(self) -> str:
        """Why the states of alerts cannot be read or stored; '' while all is well."""
        return self._fault

    @property
    def delivery_faults(self) -> list[DeliveryFault]:
        """The receivers that do not take their notifications."""
        return self._delivery.faults

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sender.close()

    def tick(self, now: datetime) -> None:
        """Evaluate every rule once, store what came of it, and tell the receivers that are due."""
        with self._ticking:
            if not self._restore(now):
                return
            for rule in self._rules.values():
                self._evaluate(rule, now)
            self._book.end(alert for alert in self._book.active() if is_settled(alert, self._receivers))
            self._save(now)
            taken = self._delivery.deliver(due(self._book.active(), self._receivers, now, self._beyond_limit), now)
            if taken:
                self._book.tell(taken, now)
                self._save(now)

    def overview(self) -> list[RuleStatus]:
        """Where every rule stands, in the order of the rule file."""
        return [self._status(rule) for rule in self._rules.values()]

    def history(self, limit: int) -> pd.DataFrame:
        """The latest changes of alerts' states, the latest first. Raises StoreError."""
        return self._alert_store.history(limit)

    def _restore(self, now: datetime) -> bool:
        """Read once where alerts were left, or pending ones would start anew and all be told again."""
        if not self._restored:
            try:
                alerts, transitions = restored(self._alert_store.load(), self._rules, now)
            except StoreError as error:
                self._set_fault(f"Alerts cannot be read, so no rule is evaluated: {error}")
                return False
            self._book.put(alerts)
            self._unrecorded += transitions
            self._restored = True
        return True

    def _evaluate(self, rule: Rule, now: datetime) -> None:
        started = time.monotonic()
        outcome = "evaluated"
        try:
            previous = self._book.of(rule.name)
            samples, beyond = within_limit(rule, previous, evaluate(self._store, rule, now, self._delay))
            alerts, transitions = step(rule, previous, samples, now)
        # Whatever is wrong with one rule, the others are to be evaluated.
        except Exception as error:
            outcome = "failed"
            self._set_rule_fault(rule, str(error) or type(error).__name__)
        else:
            self._book.put([*alerts.values(), *(change.alert for change in transitions)])
            self._unrecorded += transitions
            self._evaluated[rule.name] = now
            self._set_beyond_limit(rule, beyond)
            self._set_rule_fault(rule, "")
        self._metrics.evaluated(rule.name, outcome, time.monotonic() - started)

    def _save(self, now: datetime) -> None:
        """Store states and changes; what the store does not take is kept for the next time."""
        alerts, transitions = self._book.every(), list(self._unrecorded)
        try:
            self._alert_store.record(transitions)
            del self._unrecorded[: len(transitions)]
            self._alert_store.save(alerts, now)
        except StoreError as error:
            self._set_fault(f"Alerts cannot be stored, so a restart would forget changes: {error}")
        else:
            self._book.stored(alerts)
            self._set_fault("")

    def _set_fault(self, fault: str) -> None:
        if fault and fault != self._fault:
            _log.error("The store does not serve alerting; it is tried again.", extra={"error": fault})
        self._fault = fault

    def _set_rule_fault(self, rule: Rule, fault: str) -> None:
        if fault and fault != self._faults.get(rule.name):
            _log.error("A rule could not be evaluated.", extra={"rule": rule.name, "error": fault})
        self._faults[rule.name] = fault

    def _set_beyond_limit(self, rule: Rule, beyond: int) -> None:
        if beyond and not self._beyond_limit.get(rule.name):
            _log.warning(
                "A rule is met by more groups of requests than its limit; the others are counted and are no alerts.",
                extra={"rule": rule.name, "limit": rule.limit, "beyond": beyond},
            )
        self._beyond_limit[rule.name] = beyond

    def _status(self, rule: Rule) -> RuleStatus:
        shown = [alert for alert in self._book.of(rule.name).values() if alert.state in (State.PENDING, State.FIRING)]
        shown.sort(key=lambda alert: (alert.state is not State.FIRING, alert.since, alert.fingerprint))
        return RuleStatus(
            rule=rule,
            state=shown[0].state if shown else State.INACTIVE,
            alerts=tuple(shown),
            last_evaluated=self._evaluated.get(rule.name),
            beyond_limit=self._beyond_limit.get(rule.name, 0),
            fault=self._faults.get(rule.name, "") or (self._fault if not self._restored else ""),
        )

    def _firing(self) -> dict[str, int]:
        firing = [alert.rule for alert in self._book.active() if alert.state is State.FIRING]
        return {rule: firing.count(rule) for rule in self._rules}

    def _work(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            started = time.monotonic()
            try:
                self.tick(self._clock())
            except Exception:
                # Alerting that has silently ended is worse than one evaluation less.
                _log.exception("An evaluation of all rules broke off; the next one is tried.")
            pause = max(0.0, self._interval_seconds - (time.monotonic() - started))
