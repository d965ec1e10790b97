"""Alerts in the order in which they need somebody."""

from datetime import datetime

from dashboards.site.alert_marks import tone_of
from processors.alerts.engine import AlertEngine
from processors.alerts.evaluation.state import Alert

# The tones of severities, the worst first.
_TONES = ("bad", "warning", "info")


def by_need(engine: AlertEngine, now: datetime) -> list[Alert]:
    """Those that fire and that nobody has taken first, of these the most severe; then the oldest."""
    notifier, alerts = engine.notifier, engine.alerts()
    inhibitions = notifier.inhibitions(alerts)

    def is_taken(alert: Alert) -> bool:
        """Whether nobody is notified of it any more: acknowledged, silenced, or inhibited by another."""
        return (
            notifier.acknowledgement_of(alert) is not None
            or notifier.silence_of(alert, now) is not None
            or inhibitions.source_of(alert) is not None
        )

    def need(alert: Alert) -> tuple[bool, bool, int]:
        return not alert.is_firing, is_taken(alert), _TONES.index(tone_of(alert.labels.get("severity", "")))

    return sorted(alerts, key=need)
