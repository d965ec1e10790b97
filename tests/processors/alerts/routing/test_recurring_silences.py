"""Silences that recur, as people write them in a form; and notes on alerts that somebody has taken."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from opentelemetry.metrics import get_meter

from dashboards.pages.alerts.silences_tab import create_silence
from dashboards.state.view import parse_view
from processors.alerts.engine import AlertEngine
from processors.alerts.routing.time_intervals import in_words, recurring
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from processors.errors import InvalidSilence
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests
from tests.processors.alerts.hook import Hook

_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)
_MINUTE = timedelta(minutes=1)
_BERLIN = ZoneInfo("Europe/Berlin")


def _engine(store: Store, name: str, url: str) -> AlertEngine:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    rule = {
        "name": name, "measure": "requests", "window": "1m", "threshold": 4, "by": ["api"],
        "filters": {"environment": name}, "receiver": "on-call",
    }  # fmt: skip
    receivers = [{"name": "on-call", "webhook": {"url": url}}]
    source = RuleSource(file=RuleFile.model_validate({"rules": [rule], "receivers": receivers}))
    return AlertEngine(
        store, source, lambda: _NOW, get_meter("test"), "http://gatelens", rig.questions_of(store), rig.Sources()
    )


@pytest.mark.parametrize(
    ("times", "weekdays", "inside", "outside"),
    [
        # A night, in winter and on the day on which summer begins.
        ("22:00-06:00", "", ["2026-01-05 23:00", "2026-01-06 05:59", "2026-03-29 03:30"], ["2026-01-06 06:00"]),
        ("22:00-00:00", "", ["2026-01-05 23:59"], ["2026-01-06 00:00"]),
        ("", "saturday, sunday", ["2026-01-03 12:00", "2026-01-04 00:00"], ["2026-01-05 00:00"]),
        ("12:00-13:00, 18:00-19:00", "monday:friday", ["2026-01-05 12:30", "2026-01-05 18:00"], ["2026-01-03 12:30"]),
    ],
)
def test_times_as_people_write_them(times: str, weekdays: str, inside: list[str], outside: list[str]) -> None:
    (interval,) = recurring(times, weekdays, "Europe/Berlin")
    for text in (*inside, *outside):
        moment = datetime.fromisoformat(text).replace(tzinfo=_BERLIN)
        assert interval.contains(moment) is (text in inside), text


def test_what_people_read_of_them() -> None:
    (interval,) = recurring("22:00-06:00", "monday:friday, sunday", "Europe/Berlin")
    assert in_words(interval) == "monday to friday, sunday 22:00-24:00, 00:00-06:00 Europe/Berlin"
    assert recurring(" ", "", "UTC") == ()


@pytest.mark.parametrize(
    ("times", "weekdays", "cure"),
    [("22:00", "", "no stretch of a day"), ("25:00-26:00", "", "no time of day"), ("", "someday", "monday:friday")],
)
def test_what_cannot_be_read(times: str, weekdays: str, cure: str) -> None:
    with pytest.raises(ValueError, match=cure):
        recurring(times, weekdays, "UTC")


def test_a_silence_of_each_noon_made_on_the_page(store: Store, hook: Hook, add_requests: AddRequests) -> None:
    """An alert of each day at noon is not told; when it goes on until one, it is."""
    name = "recurs-noon"
    for day in range(2):
        for minute in range(3):
            add_requests(name, _BUSY + timedelta(days=day, minutes=minute), 5)
    engine = _engine(store, name, hook.url)
    act = create_silence(engine, lambda: _NOW - 5 * _MINUTE)
    view = parse_view("/alerts", "?tab=silences", "Europe/Berlin")
    values = {"matchers": ['api="orders"'], "times": ["12:59-13:03"], "comment": ["a batch"], "duration": ["2h"]}
    act(view, values, "ada")
    (silence,) = engine.notifier.silences()
    assert (silence.ends_at, silence.created_by) == (None, "ada")
    # 12:01 UTC is 13:01 in Berlin.
    engine.tick(_NOW)
    engine.tick(_NOW + timedelta(days=1))
    assert hook.bodies == []
    engine.tick(_NOW + timedelta(days=1, minutes=2))
    assert [body["status"] for body in hook.bodies] == ["firing"]
    with pytest.raises(InvalidSilence, match="no stretch of a day"):
        act(view, {**values, "times": ["noon"]}, "ada")
    engine.stop()


def test_a_note_can_be_changed_and_when_it_was_taken_stays(store: Store, hook: Hook, add_requests: AddRequests) -> None:
    add_requests("recurs-note", _BUSY, 5)
    engine = _engine(store, "recurs-note", hook.url)
    engine.tick(_NOW)
    (alert,) = engine.alerts()
    engine.acknowledge(alert.fingerprint, "ada", "", _NOW + _MINUTE)
    engine.acknowledge(alert.fingerprint, "bob", "rolled back", _NOW + 2 * _MINUTE)
    taken = engine.notifier.acknowledgement_of(alert)
    engine.stop()
    assert taken is not None
    assert (taken.owner, taken.note, taken.acknowledged_at) == ("bob", "rolled back", _NOW + _MINUTE)
