"""Which alerts are bands on the charts of a view."""

from datetime import UTC, datetime, timedelta

from dashboards.site.alert_marks import alert_marks
from processors.alerts.evaluation.incidents import Incident
from processors.query.filters import Filter, Operator
from processors.time.window import Window

_NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_WINDOW = Window(_NOON, _NOON + _HOUR)


def _incident(api: str, start: float, end: float | None) -> Incident:
    over = None if end is None else _NOON + end * _HOUR
    return Incident(api, "f", {"api": api}, "critical", _NOON + start * _HOUR, over)


def test_what_fired_within_the_window_and_fits_the_filters() -> None:
    found = [_incident("orders", -1, 0.5), _incident("payments", 0.2, None), _incident("early", -2, -1)]
    now = _NOON + 0.8 * _HOUR
    marks = alert_marks(found, _WINDOW, (), now)
    assert [(one.label, one.start, one.end, one.tone) for one in marks] == [
        ("orders", _NOON, _NOON + 0.5 * _HOUR, "bad"),
        ("payments", _NOON + 0.2 * _HOUR, now, "bad"),
    ]
    of_orders = (Filter("api", Operator.IN, ("orders",)), Filter("gateway", Operator.IN, ("edge",)))
    assert [one.label for one in alert_marks(found, _WINDOW, of_orders, now)] == ["orders"]
