"""Incidents from the history: whole periods, who took them, what was noise and what flaps."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from processors.alerts.evaluation.incidents import flapping, incidents
from processors.alerts.evaluation.state import Alert, State, Transition
from processors.alerts.routing.acknowledgement import Acknowledgement
from processors.alerts.store.alert_store import AlertStore
from processors.time.window import Window
from storage.store import Store

_START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def _at(minute: float) -> datetime:
    return _START + timedelta(minutes=minute)


def _changes(*changes: tuple[float, str]) -> pd.DataFrame:
    rows = [
        {"time": pd.Timestamp(_at(minute)), "rule": "r", "fingerprint": "f", "labels": {"api": "orders"},
         "state": state, "value": 1.0, "severity": "critical"}
        for minute, state in changes
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_recovering_is_part_of_an_incident() -> None:
    changes = _changes(
        (0, "pending"), (1, "firing"), (3, "recovering"), (4, "firing"), (10, "resolved"), (20, "firing")
    )
    first, second = incidents(changes)
    assert (first.fired_at, first.resolved_at, first.labels) == (_at(1), _at(10), {"api": "orders"})
    assert (second.fired_at, second.resolved_at) == (_at(20), None)
    assert second.lasts(_at(25)) == timedelta(minutes=5)


def test_what_nobody_took_and_is_soon_over_is_noise() -> None:
    changes = _changes(
        (0, "firing"), (4, "resolved"), (10, "firing"), (14, "resolved"), (20, "firing"), (26, "resolved")
    )
    taken = Acknowledgement("r", "f", _at(10) + timedelta(microseconds=700), "ada", "", _at(12))
    found = incidents(changes, [taken])
    assert [one.is_noise for one in found] == [True, False, False]
    assert (found[1].owner, found[1].acknowledged_at) == ("ada", _at(12))


def test_three_times_in_an_hour_flaps() -> None:
    often = _changes(*((minute + ends, ("firing", "resolved")[ends]) for minute in (0, 20, 59) for ends in (0, 1)))
    seldom = _changes(*((minute + ends, ("firing", "resolved")[ends]) for minute in (0, 20, 61) for ends in (0, 1)))
    assert flapping(incidents(often)) == {("r", "f")}
    assert flapping(incidents(seldom)) == set()


def test_a_window_begins_with_what_fired_at_its_start(store: Store) -> None:
    for name in ("over", "lasting"):
        alerts = AlertStore(store, dict)
        changes = [(0, State.INACTIVE, State.PENDING), (1, State.PENDING, State.FIRING),
                   (3, State.FIRING, State.RECOVERING)]  # fmt: skip
        changes += [(5, State.RECOVERING, State.RESOLVED)] if name == "over" else [(5, State.RECOVERING, State.FIRING)]
        changes += [(12, State.FIRING, State.RESOLVED)] if name == "lasting" else []
        alerts.record([_transition(f"incident-{name}", *change) for change in changes])
    found = [one for one in incidents(alerts.changes(Window(_at(10), _at(20)))) if one.rule.startswith("incident-")]
    [lasting] = found
    assert (lasting.rule, lasting.fired_at, lasting.resolved_at) == ("incident-lasting", _at(1), _at(12))


def _transition(rule: str, minute: float, before: State, after: State) -> Transition:
    alert = Alert(rule, "0", {"api": "orders"}, {}, "", after, 1.0, _at(0), _at(1))
    return Transition(alert, before, _at(minute))
