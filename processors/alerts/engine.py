"""The engine: evaluates every rule in turn, keeps the states of alerts, notifies receivers."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd
from opentelemetry.metrics import Meter

from processors.alerts.channels.notification import Notification
from processors.alerts.evaluation.alert_set import LONGEST_OUTAGE, AlertSet
from processors.alerts.evaluation.backtest import Backtest, backtest
from processors.alerts.evaluation.evaluate import Finding, evaluate
from processors.alerts.evaluation.incidents import Incident, incidents
from processors.alerts.evaluation.limit import within_limit
from processors.alerts.evaluation.rule_records import RuleRecords
from processors.alerts.evaluation.rule_status import RuleStatus
from processors.alerts.evaluation.state import Alert, step
from processors.alerts.kept_alerts import KeptAlerts
from processors.alerts.notifier import Notifier
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.alerts.rule_source import RuleSet, RuleSource
from processors.alerts.rules.plan import Sources
from processors.alerts.rules.rule import Rule
from processors.alerts.store.rule_store import RuleStore
from processors.alerts.telemetry import AlertMetrics
from processors.errors import UnknownAlert
from processors.lease.lease import Lease, OnlyProcess
from processors.periodic_thread import PeriodicThread
from processors.query.questions import Questions
from processors.time.window import MINUTE, Window
from storage.errors import StoreError
from storage.retry import Backoff
from storage.store import Store

_log = logging.getLogger(__name__)

# At the end, for calls that are under way.
_LAST_CALLS_SECONDS = 10.0

# Of one call of a channel; what it does not take then is sent again at a later evaluation.
_BACKOFF = Backoff(first=0.5, longest=1.0, tries=3)

DEFAULT_INTERVAL_SECONDS = 15.0

# Between two rounds, more than this is a time in which alerting was out of work.
_MISSED = timedelta(seconds=90)


class AlertEngine:
    """Alerting over one store: of the engines on it, the one with the lease evaluates and notifies.

    The others show how alerts stand by the store, and what people do there reaches the one that leads. `start` begins
    to evaluate in a thread of its own, at once and then each `interval_seconds`; `stop` ends that, and what was not
    delivered is delivered after the next start.
    """

    def __init__(
        self,
        store: Store,
        source: RuleSource,
        clock: Callable[[], datetime],
        meter: Meter,
        external_url: str,
        questions: Questions,
        sources: Sources,
        *,
        lease: Lease | None = None,
        added: Callable[[Notification], Notification] = lambda notification: notification,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        backoff: Backoff = _BACKOFF,
    ) -> None:
        self._store = store
        self._source = source
        self._own_url = external_url
        self._questions = questions
        self._sources = sources
        self._lease = lease or OnlyProcess(clock)
        self._metrics = AlertMetrics(meter)
        self._metrics.observe_firing(self._firing)
        self._metrics.observe_beyond_limit(
            lambda: {rule: self._records.beyond_limit.get(rule, 0) for rule in self._rules}
        )
        self._metrics.observe_leading(lambda: self.leads)
        self._thread = PeriodicThread(
            "alerts",
            interval_seconds,
            lambda: self.run_round(clock()),
            "An evaluation of all rules broke off; the next one is tried.",
        )
        self.notifier = Notifier(store, self._metrics, self._thread.stopping, backoff, lambda: self.leads, added)
        self._kept = KeptAlerts(store, lambda: self._rules)
        # In which the alerts here are those that hold; None before the first.
        self._tenure: int | None = None
        # As the engine that leads has stored them, while that is another one.
        self._followed: AlertSet | None = None
        self._records = RuleRecords()
        self._fault = ""
        self._round_seconds = 0.0
        self._ticking = threading.Lock()
        self._configured: RuleSet | None = None

    @property
    def source(self) -> RuleSource:
        """The rules that hold, where they are written, and how they are changed."""
        return self._source

    @property
    def fault(self) -> str:
        """Why the states of alerts cannot be read or stored, or the rule file not be used; '' while all is well."""
        return self._fault or self._source.fault

    @property
    def leads(self) -> bool:
        """Whether it evaluates and notifies; otherwise another process does."""
        return self._lease.tenure is not None

    @property
    def external_url(self) -> str:
        """Where people reach the pages."""
        return (self._source.current.file.external_url or self._own_url).rstrip("/")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop()
        # Calls that are under way end within their own limits, and what came of them is noted.
        self.notifier.wait(_LAST_CALLS_SECONDS)
        self.notifier.close()

    def tick(self, now: datetime) -> None:
        """A round with its notifications."""
        self.run_round(now)
        self.notifier.wait()
        with self._ticking:
            self._end_settled()
            self._save(now)

    def run_round(self, now: datetime) -> None:
        """Evaluate every rule once, store the result, and start notifying the receivers that are due."""
        with self._ticking:
            tenure = self._lease.tenure
            if not self._read(tenure, now):
                return
            self._reconfigure()
            if tenure is None:
                return
            self._kept.end_without_rule(now)
            self._catch_up(now)
            self._evaluate(self._rules, now)
            self._kept.last_round = now
            self._end_settled()
            due = self.notifier.due(self._kept.alerts.active(), self._records.beyond_limit, self.external_url, now)
            self._save(now)
            self.notifier.notify(due, now)

    def overview(self) -> list[RuleStatus]:
        """Where every rule stands, those of the file first, in its order; those that are switched off too."""
        return [self.status(rule) for rule in self._source.current.written.values()]

    def alerts(self) -> list[Alert]:
        """Every alert that is not over, those that fire first, the oldest first."""
        return sorted(
            self._shown.active(), key=lambda alert: (not alert.is_firing, alert.since, alert.rule, alert.fingerprint)
        )

    def acknowledge(self, fingerprint: str, owner: str, note: str, now: datetime) -> Alert:
        """Take an alert that fires; raises UnknownAlert, StoreError."""
        found = [alert for alert in self._shown.active() if alert.fingerprint == fingerprint and alert.is_firing]
        if not found or found[0].fired_at is None:
            raise UnknownAlert(f"No alert {fingerprint!r} fires; /api/v1/alerts lists those that do.")
        alert = found[0]
        # Whose it is and what they say may change; when it was taken does not.
        before = self.notifier.acknowledgement_of(alert)
        since = before.acknowledged_at if before is not None else now
        taken = Acknowledgement(alert.rule, fingerprint, found[0].fired_at, owner, note, since)
        self.notifier.acknowledge(taken, now)
        return alert

    def status(self, rule: Rule) -> RuleStatus:
        """Where one rule stands."""
        return self._records.status(
            rule,
            self._shown.of(rule.name).values(),
            self._source.current.origin(rule.name),
            self._fault if self._tenure is None else "",
        )

    @property
    def round_seconds(self) -> float:
        """How long the last evaluation of all rules took."""
        return self._round_seconds

    def history(self, limit: int, *, rule: str = "", api: str = "") -> pd.DataFrame:
        """The latest changes of alerts' states, of one rule and one API where named. Raises StoreError."""
        return self._kept.store.history(limit, rule=rule, api=api)

    def incidents(self, window: Window) -> list[Incident]:
        """Each time that an alert fired within a window, the earliest first. Raises StoreError."""
        return incidents(self._kept.store.changes(window), self.notifier.acknowledged_since(window.start))

    def backtest(self, rules: Sequence[Rule], window: Window) -> Backtest:
        """The alerts that rules would have raised in the past."""
        return backtest(rules, self._questions, window)

    @property
    def _rules(self) -> Mapping[str, Rule]:
        return self._source.current.rules

    @property
    def _shown(self) -> AlertSet:
        followed = self._followed
        return self._kept.alerts if followed is None else followed

    def _read(self, tenure: int | None, now: datetime) -> bool:
        """Read what the store alone knows: what people have done, and where another engine has left the alerts."""
        try:
            self._source.attach(RuleStore(self._store))
            self.notifier.refresh(now)
            if tenure is None:
                self._followed = self._kept.stored()
            elif tenure != self._tenure:
                self.notifier.restore()
                self._kept.restore(now)
        except StoreError as error:
            self._set_fault(f"Alerts cannot be read, so no rule is evaluated: {error}")
            # The leader still knows the states of alerts, and notifies whom it can.
            return tenure is not None and tenure == self._tenure
        if tenure is None:
            self._set_fault("")
        else:
            self._tenure, self._followed = tenure, None
        return True

    def _reconfigure(self) -> None:
        """Take up rules, receivers and routes that have changed."""
        self._source.refresh()
        current = self._source.current
        if self._configured is None or current.file is not self._configured.file:
            self.notifier.configure(current.file.routing)
        self._configured = current

    def _catch_up(self, now: datetime) -> None:
        """Evaluate the minutes that were missed, so that states are right; nobody is notified of these."""
        last = self._kept.last_round
        if last is None or now - last < _MISSED:
            return
        rules = {name: rule for name, rule in self._rules.items() if not rule.reads_present}
        moment = max(last, now - LONGEST_OUTAGE) + MINUTE
        while rules and moment < now and not self._thread.stopping.is_set():
            self._evaluate(rules, moment)
            moment += MINUTE

    def _evaluate(self, rules: Mapping[str, Rule], now: datetime) -> None:
        """Evaluate rules; alerts of one that fails stay as they are."""
        started = time.monotonic()
        findings = evaluate(rules.values(), self._questions, self._sources, now, self._source.current.file.delay)
        for name, rule in rules.items():
            finding = findings[name]
            if isinstance(finding, Finding):
                self._take(rule, finding, now)
            else:
                self._records.failed(rule, str(finding) or type(finding).__name__)
            self._metrics.evaluated(name, "evaluated" if isinstance(finding, Finding) else "failed")
        self._round_seconds = time.monotonic() - started
        self._metrics.round_took(self._round_seconds)

    def _take(self, rule: Rule, finding: Finding, now: datetime) -> None:
        previous = self._kept.alerts.of(rule.name)
        samples, beyond = within_limit(rule, previous, finding.samples)
        alerts, transitions = step(rule, previous, samples, now, finding.window)
        self._kept.take(alerts.values(), transitions)
        self._records.evaluated(rule, now, len(finding.samples), beyond)

    def _end_settled(self) -> None:
        self._kept.alerts.end(self.notifier.settled(self._kept.alerts.active()))

    def _save(self, now: datetime) -> None:
        """Store states and changes; what the store does not take is kept for the next time."""
        if self._lease.tenure != self._tenure:
            # Another engine may have stored where they are by now.
            return
        try:
            self._kept.save(now)
            self.notifier.save(now)
        except StoreError as error:
            self._set_fault(f"Alerts cannot be stored, so a restart would forget changes: {error}")
        else:
            self._set_fault("")

    def _set_fault(self, fault: str) -> None:
        if fault and fault != self._fault:
            _log.error("The store does not serve alerting; it is tried again.", extra={"error": fault})
        self._fault = fault

    def _firing(self) -> dict[str, int]:
        firing = Counter(alert.rule for alert in self._kept.alerts.active() if alert.is_firing and self.leads)
        return {rule: firing[rule] for rule in self._rules}
