"""Who is told, when, and with whom: a story on a clock that the test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processors.alerts.evaluation.fingerprint import fingerprint
from processors.alerts.evaluation.state import Alert, State
from processors.alerts.routing.dispatcher import Dispatcher, Situation
from processors.alerts.routing.inhibition import Inhibitions
from processors.alerts.routing.matchers import parse_matcher, parse_matchers, show_matchers
from processors.alerts.routing.notification_log import NotificationLog
from processors.alerts.routing.silences import Silence, SilenceState, new_silence
from processors.alerts.routing.time_intervals import TimeInterval
from processors.alerts.rule_file import RuleFile
from processors.errors import InvalidSilence

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_HOOK = {"url": "http://127.0.0.1:9/"}
_RECEIVERS = [{"name": name, "webhook": _HOOK} for name in ("team", "on-call", "archive")]


def _alert(api: str, fired: timedelta = timedelta(), severity: str = "critical", **keys: Any) -> Alert:
    labels = {"alertname": "fails", "api": api, "severity": severity, **keys.pop("labels", {})}
    at = _NOON + fired
    return Alert(
        rule="fails", fingerprint=fingerprint(labels), labels=labels, annotations={}, receiver="",
        state=State.FIRING, value=1.0, active_at=at, fired_at=at, **keys,
    )  # fmt: skip


def _over(alert: Alert, ended: timedelta) -> Alert:
    return replace(alert, state=State.RESOLVED, resolved_at=_NOON + ended)


@dataclass
class Story:
    """A dispatcher whose notifications are all taken; told says `receiver: status apis`."""

    file: RuleFile
    alerts: list[Alert] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    acknowledged: bool = False
    is_taken: bool = True

    def __post_init__(self) -> None:
        self.log = NotificationLog()
        self.dispatcher = Dispatcher(self.log)

    def at(self, after: timedelta) -> list[str]:
        now = _NOON + after
        inhibitions = Inhibitions(self.file.routing.inhibit_rules, self.alerts)

        def is_muted(alert: Alert) -> bool:
            silenced = any(silence.mutes(alert.labels, now) for silence in self.silences)
            return silenced or inhibitions.source_of(alert) is not None

        situation = Situation(now, is_muted, lambda alert: self.acknowledged)
        told = []
        for one in self.dispatcher.due(self.alerts, self.file.routing, situation):
            if self.is_taken:
                self.dispatcher.taken(one, self.file.routing, now)
            else:
                self.log.owes(one)
            apis = ",".join(f"{'' if alert.is_firing else '-'}{alert.labels['api']}" for alert in one.alerts)
            told.append(f"{one.receiver}: {one.status} {apis}")
        settled = self.dispatcher.settled(self.alerts)
        self.alerts = [alert for alert in self.alerts if alert not in settled]
        return told


def _story(route: dict[str, Any], *alerts: Alert, **keys: Any) -> Story:
    return Story(RuleFile.model_validate({"receivers": _RECEIVERS, "route": route, **keys}), list(alerts))


def test_a_group_waits_for_more_of_its_kind_and_then_keeps_its_interval() -> None:
    story = _story({"receiver": "team", "group_by": ["alertname"], "group_wait": "30s", "group_interval": "5m"})
    story.alerts = [_alert("orders")]
    assert story.at(15 * _SECOND) == []
    story.alerts.append(_alert("carts", 20 * _SECOND))
    assert story.at(30 * _SECOND) == ["team: firing carts,orders"]
    story.alerts.append(_alert("stock", 60 * _SECOND))
    assert story.at(2 * _MINUTE) == []
    assert story.at(30 * _SECOND + 5 * _MINUTE) == ["team: firing carts,orders,stock"]


def test_what_ends_is_sent_once_and_what_goes_on_is_repeated() -> None:
    story = _story({"receiver": "team", "group_wait": "0s", "group_interval": "1m", "repeat_interval": "1h"})
    orders, carts = _alert("orders"), _alert("carts")
    story.alerts = [orders, carts]
    assert story.at(timedelta()) == ["team: firing carts,orders"]
    story.alerts = [_over(orders, 2 * _MINUTE), carts]
    assert story.at(2 * _MINUTE) == ["team: firing carts,-orders"]
    assert story.alerts == [carts]
    assert story.at(59 * _MINUTE) == []
    assert story.at(62 * _MINUTE) == ["team: firing carts"]
    story.acknowledged = True
    assert story.at(125 * _MINUTE) == []
    story.alerts = [_over(carts, 130 * _MINUTE)]
    assert story.at(130 * _MINUTE) == ["team: resolved -carts"]
    assert story.alerts == []


def test_an_alert_that_ends_before_its_group_is_sent_is_never_sent() -> None:
    story = _story({"receiver": "team", "group_wait": "1m"}, _over(_alert("orders"), 30 * _SECOND))
    assert story.at(30 * _SECOND) == []
    assert story.alerts == []


def test_the_end_of_what_was_not_taken_is_sent() -> None:
    story = _story({"receiver": "team", "group_wait": "0s", "group_interval": "0s"}, _alert("orders"))
    story.is_taken = False
    assert story.at(timedelta()) == ["team: firing orders"]
    assert story.at(_MINUTE) == ["team: firing orders"]
    story.alerts = [_over(story.alerts[0], 2 * _MINUTE)]
    story.is_taken = True
    assert story.at(2 * _MINUTE) == ["team: resolved -orders"]


def test_the_tree() -> None:
    route = {
        "receiver": "team",
        "group_wait": "0s",
        "group_by": ["alertname"],
        "routes": [
            {"matchers": ['severity=~"critical|page"'], "receiver": "on-call", "continue": True},
            {"matchers": ["api=orders", "severity!=info"], "receiver": "archive", "group_by": ["..."]},
        ],
    }
    story = _story(
        route, _alert("orders"), _alert("orders", severity="warning"), _alert("orders", severity="info"),
        _alert("carts"), _alert("carts", severity="warning", labels={"alertname": "slow"}),
        inhibit_rules=[],
    )  # fmt: skip
    assert story.at(timedelta()) == [
        "archive: firing orders", "archive: firing orders", "on-call: firing carts,orders",
        "team: firing orders", "team: firing carts",
    ]  # fmt: skip
    keys = {entry.receiver: entry.group_key for entry in story.log.entries()}
    assert keys["on-call"] == '{}/{severity=~"critical|page"}:{alertname="fails"}'


def test_a_silence_mutes_what_begins_and_not_what_ends() -> None:
    story = _story({"receiver": "team", "group_wait": "0s", "group_interval": "0s"})
    orders, carts = _alert("orders"), _alert("carts", _MINUTE)
    story.alerts = [orders]
    assert story.at(timedelta()) == ["team: firing orders"]
    story.silences = [_silence("api=~orders|carts", 10 * _MINUTE)]
    story.alerts = [orders, carts]
    assert story.at(_MINUTE) == []
    story.alerts = [_over(orders, 2 * _MINUTE), carts]
    assert story.at(2 * _MINUTE) == ["team: resolved -orders"]
    assert story.at(9 * _MINUTE) == []
    assert story.at(10 * _MINUTE) == ["team: firing carts"]


def _silence(matchers: str, lasts: timedelta | None, *intervals: TimeInterval) -> Silence:
    ends = None if lasts is None else _NOON + lasts
    return new_silence(parse_matchers(matchers), _NOON, ends, "ada", "maintenance", intervals)


def test_critical_mutes_warning_of_the_same_group_and_a_dead_gateway_its_apis() -> None:
    story = _story({"receiver": "team", "group_wait": "0s", "group_by": ["..."]})
    story.alerts = [_alert("orders"), _alert("orders", severity="warning"), _alert("carts", severity="warning")]
    assert story.at(timedelta()) == ["team: firing carts", "team: firing orders"]
    rule = {"source_matchers": ["alertname=GatewayDown"], "target_matchers": ["api!="], "equal": ["gateway"]}
    story = _story({"receiver": "team", "group_wait": "0s", "group_by": ["..."]}, inhibit_rules=[rule])
    edge = {"gateway": "edge"}
    story.alerts = [
        _alert("", labels={"alertname": "GatewayDown", **edge}), _alert("orders", labels=edge),
        _alert("carts", labels={"gateway": "inner"}),
    ]  # fmt: skip
    assert story.at(timedelta()) == ["team: firing ", "team: firing carts"]


def test_nights_are_mute_where_a_route_says_so() -> None:
    nights = {"name": "nights", "time_intervals": [{"times": [{"start_time": "12:00", "end_time": "13:00"}]}]}
    route = {
        "receiver": "team", "group_wait": "0s", "group_interval": "0s",
        "routes": [{"matchers": ["severity=warning"], "mute_time_intervals": ["nights"]}],
    }  # fmt: skip
    story = _story(route, _alert("orders"), _alert("carts", severity="warning"), time_intervals=[nights])
    assert story.at(timedelta()) == ["team: firing orders"]
    assert story.at(59 * _MINUTE) == []
    assert story.at(60 * _MINUTE) == ["team: firing carts"]


def test_the_end_is_sent_where_the_beginning_was_although_the_routes_have_changed() -> None:
    story = _story({"receiver": "team", "group_wait": "0s"}, _alert("orders"))
    assert story.at(timedelta()) == ["team: firing orders"]
    changed = {"receivers": _RECEIVERS, "route": {"receiver": "on-call", "group_wait": "0s", "group_interval": "0s"}}
    story.file = RuleFile.model_validate(changed)
    assert story.at(_MINUTE) == ["on-call: firing orders"]
    story.alerts = [_over(story.alerts[0], 2 * _MINUTE)]
    assert sorted(story.at(2 * _MINUTE)) == ["on-call: resolved -orders", "team: resolved -orders"]
    assert story.alerts == []


def test_who_wants_no_ends_gets_none() -> None:
    receivers = [{"name": "team", "webhook": _HOOK, "send_resolved": False}]
    file = RuleFile.model_validate({"receivers": receivers, "route": {"receiver": "team", "group_wait": "0s"}})
    story = Story(file, [_alert("orders")])
    assert story.at(timedelta()) == ["team: firing orders"]
    story.alerts = [_over(story.alerts[0], _MINUTE)]
    assert story.at(6 * _MINUTE) == []
    assert story.alerts == []


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ('api="orders"', {"api": "orders"}, True),
        ("api=orders", {"api": "orders2"}, False),
        ('api!="orders"', {}, True),
        ("api=~ord.*", {"api": "orders"}, True),
        ("api=~ord", {"api": "orders"}, False),
        ("api!~ord.*", {"api": "carts"}, True),
        ('api=""', {}, True),
        (r'api="a \"b\" \\ c"', {"api": 'a "b" \\ c'}, True),
    ],
)
def test_matchers(text: str, labels: dict[str, str], expected: bool) -> None:
    found = parse_matcher(text)
    assert found.matches(labels) is expected
    assert parse_matchers(show_matchers([found])) == (found,)


@pytest.mark.parametrize("text", ["api", "1api=x", 'api="x', "api=~(", "={}"])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|correct"):
        parse_matcher(text)


@pytest.mark.parametrize(
    ("given", "moment", "expected"),
    [
        ({"weekdays": ["monday:friday"]}, "2026-03-02T12:00:00+00:00", True),
        ({"weekdays": ["saturday", "sunday"]}, "2026-03-02T12:00:00+00:00", False),
        ({"times": [{"start_time": "22:00", "end_time": "24:00"}]}, "2026-03-02T23:59:00+00:00", True),
        ({"times": [{"start_time": "22:00", "end_time": "24:00"}]}, "2026-03-02T21:59:00+00:00", False),
        # Berlin is an hour ahead in winter and two in summer.
        ({"times": [{"start_time": "13:00", "end_time": "14:00"}], "location": "Europe/Berlin"},
         "2026-03-02T12:30:00+00:00", True),
        ({"times": [{"start_time": "13:00", "end_time": "14:00"}], "location": "Europe/Berlin"},
         "2026-07-02T12:30:00+00:00", False),
        ({"days_of_month": ["-1"]}, "2026-02-28T12:00:00+00:00", True),
        ({"days_of_month": ["-3:-1"]}, "2026-02-25T12:00:00+00:00", False),
        ({"months": ["january:march"], "years": [2026]}, "2026-03-31T12:00:00+00:00", True),
        ({"months": ["april"]}, "2026-03-31T12:00:00+00:00", False),
    ],
)  # fmt: skip
def test_time_intervals(given: dict[str, Any], moment: str, expected: bool) -> None:
    assert TimeInterval.model_validate(given).contains(datetime.fromisoformat(moment)) is expected


@pytest.mark.parametrize(
    "given",
    [
        {"weekdays": ["someday"]}, {"weekdays": ["friday:monday"]}, {"location": "Mars/Base"}, {"months": ["13"]},
        {"times": [{"start_time": "22:00", "end_time": "06:00"}]}, {"days_of_month": ["0"]},
        {"times": [{"start_time": "9", "end_time": "10:00"}]}, {"weekdays": None}, {"days_of_month": 1.5},
        {"times": [{"start_time": 0, "end_time": 2000}]},
    ],
)  # fmt: skip
def test_what_is_no_time_interval_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"write|cannot be used"):
        TimeInterval.model_validate(given)


def test_a_silence_recurs_in_its_zone() -> None:
    nights = TimeInterval.model_validate(
        {"times": [{"start_time": "22:00", "end_time": "24:00"}], "location": "America/New_York"}
    )
    silence = _silence("api=orders", None, nights)
    labels = {"api": "orders"}
    assert silence.state(_NOON) is SilenceState.ACTIVE
    assert not silence.mutes(labels, _NOON)
    # 22:30 in New York is 03:30 UTC.
    assert silence.mutes(labels, _NOON + timedelta(hours=15, minutes=30))
    ended = silence.expired(_NOON + timedelta(hours=15))
    assert not ended.mutes(labels, _NOON + timedelta(hours=15, minutes=30))
    assert ended.state(_NOON + timedelta(hours=15)) is SilenceState.EXPIRED


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (lambda: _silence("api!=orders", _MINUTE), "would silence every alert"),
        (lambda: _silence("", _MINUTE), "would silence every alert"),
        (lambda: _silence("api=~.*", _MINUTE), "would silence every alert"),
        (lambda: _silence("api=orders", None), "has no end"),
        (lambda: _silence("api=orders", -_MINUTE), "ends before it starts"),
        (lambda: new_silence(parse_matchers("api=x"), _NOON, _NOON + _MINUTE, "ada", " "), "lacks a reason"),
        (lambda: new_silence(parse_matchers("api=x"), _NOON, _NOON + _MINUTE, "", "why"), "lacks who asks"),
    ],
)
def test_what_is_no_silence_is_refused(make: Callable[[], Silence], cure: str) -> None:
    with pytest.raises(InvalidSilence, match=cure):
        make()
