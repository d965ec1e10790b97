"""What tests of alerting build again and again: rules, alerts told at once, an engine over a store."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from processors.alerts.channels.notification import Notification
from processors.alerts.channels.receiver import Receiver
from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.sources import no_certificates
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.routing.dispatcher import Dispatcher, Situation
from processors.alerts.routing.notification_log import NotificationLog
from processors.alerts.routing.routing import Routing
from processors.alerts.rules.kinds.kinds import AnyRule
from processors.alerts.rules.rule import Rule
from processors.query.questions import Questions
from processors.time.window import Window
from storage.store import Store

_RULES: TypeAdapter[Rule] = TypeAdapter(AnyRule)


def rule(**keys: Any) -> Rule:
    """A rule of any kind, a threshold where none is said."""
    return _RULES.validate_python(keys)


def notifications(
    alerts: Iterable[Alert], receivers: Mapping[str, Receiver], now: datetime, external_url: str = ""
) -> list[Notification]:
    """What receivers that know nothing are told of these alerts."""
    situation = Situation(now, external_url=external_url)
    return Dispatcher(NotificationLog()).due(alerts, Routing(receivers), situation)


def firing(rule: Rule, window: Window | None = None, **labels: str) -> Alert:
    """An alert of a rule that has just fired."""
    end = window.end if window is not None else datetime(2026, 3, 2, 12, tzinfo=UTC)
    return Alert(
        rule=rule.name,
        fingerprint=fingerprint(labels),
        labels=labels,
        annotations={},
        receiver=rule.receiver,
        state=State.FIRING,
        value=1.0,
        active_at=end,
        fired_at=end,
        window=window,
    )


def questions_of(store: Store) -> Questions:
    """A question layer that gives no answer twice."""
    ticks = itertools.count()
    return Questions(store, lambda: datetime(2027, 6, 1, tzinfo=UTC) + timedelta(minutes=next(ticks)))


class Sources:
    """Figures and answers as a test sets them."""

    def __init__(self) -> None:
        self.signals: dict[str, float] = {}
        self.frames: dict[str, pd.DataFrame] = {}
        self.certificates = no_certificates

    def signal(self, name: str) -> float | None:
        return self.signals.get(name)

    def select(self, sql: str) -> pd.DataFrame:
        return self.frames[sql]
