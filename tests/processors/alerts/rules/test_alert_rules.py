"""The rule file: what it may say, and every fault of it at once."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from processors.alerts.rule_file import RuleFile, load_rules
from processors.alerts.rules.kinds.threshold import ThresholdRule
from processors.alerts.rules.kinds.traffic import NUMBERS
from processors.alerts.rules.units import show
from processors.query.measures import MEASURES, Unit
from processors.time.durations import parse_duration, show_duration
from storage.errors import ConfigError

_RECEIVERS = """
receivers:
  - name: on-call
    webhook: {url: "https://hooks.example.com/s3cret-token"}
"""


def _load(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> RuleFile:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rules(path, environment or {})


def _faults(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text, environment)
    first, *faults = str(caught.value).splitlines()
    assert first.endswith("rules.yaml cannot be used:")
    return [re.sub(r"^  - line \d+: ", "", fault) for fault in faults]


def _rule(**keys: str) -> str:
    given = {
        "name": "slow", "measure": "p99", "window": "5m", "op": "'>'", "threshold": "500", "receiver": "on-call",
        **keys,
    }  # fmt: skip
    lines = "\n".join(f"    {key}: {value}" for key, value in given.items() if value)
    return f"rules:\n  - {lines.strip()}\n{_RECEIVERS}"


def test_a_whole_file(tmp_path: Path) -> None:
    rules = _load(
        tmp_path,
        """
external_url: https://gatelens.example.com
delay: 1m
rules:
  - name: orders-fail
    measure: error_rate
    window: 10m
    op: ">="
    threshold: 0.05
    for: 2m
    keep_firing_for: 1h30m
    filters: {environment: production, api: [orders, carts], api_version: (no version)}
    by: [gateway, api, api]
    min_requests: 20
    severity: critical
    labels: {team: shop}
    annotations: {summary: "{{ labels.api }} at {{ $labels.gateway }}: {{ value_with_unit }} of {{ window }}"}
    receiver: on-call
receivers:
  - name: on-call
    webhook: {url: "${env:HOOK}", max_alerts: 5}
    send_resolved: false
    repeat_interval: 1d
    group_by: [alertname]
""",
        {"HOOK": "https://user:pw@hooks.example.com:8443/s3cret-token"},
    )
    rule, receiver = rules.rules[0], rules.receivers[0]
    assert isinstance(rule, ThresholdRule)
    assert (rules.delay, rule.length, rule.for_) == (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=2))
    assert (rule.keep_firing_for, receiver.repeat_interval) == (timedelta(minutes=90), timedelta(days=1))
    assert rule.by == ("gateway", "api")
    assert [chosen.text() for chosen in rule.filters] == ["environment=production", "api=orders,carts", "version="]
    labels = rule.labels_of(rule.group_of({"gateway": "edge", "api": ""}), rule.conditions[0])
    assert labels == {
        "alertname": "orders-fail", "severity": "critical", "team": "shop", "environment": "production",
        "version": "(no version)", "gateway": "edge", "api": "(no route)",
    }  # fmt: skip
    annotations = rule.annotations_of(labels, 0.0532, rule.conditions[0])
    assert annotations == {"summary": "(no route) at edge: 5.32 % of 10m", "value": "5.32 %", "threshold": ">= 5 %"}
    assert receiver.webhook is not None
    assert receiver.webhook.url.get_secret_value() == "https://user:pw@hooks.example.com:8443/s3cret-token"


def test_defaults(tmp_path: Path) -> None:
    rules = _load(tmp_path, _rule())
    rule, receiver = rules.rules[0], rules.receivers[0]
    assert (rule.for_, rule.keep_firing_for, rule.min_requests) == (timedelta(), timedelta(), 1)
    assert isinstance(rule, ThresholdRule)
    assert receiver.webhook is not None
    assert (rule.by, rule.severity, rule.apdex_threshold_ms, rule.limit) == ((), "warning", 500, 1000)
    assert (receiver.send_resolved, receiver.webhook.max_alerts, receiver.webhook.max_size) == (True, 500, 1 << 20)
    assert (receiver.repeat_interval, receiver.group_by) == (timedelta(hours=4), ("alertname", "environment"))
    assert (rules.external_url, rules.delay) == ("", timedelta(seconds=30))
    assert _load(tmp_path, "") == RuleFile()


def test_the_address_of_a_webhook_is_never_shown(tmp_path: Path) -> None:
    rules = _load(tmp_path, _rule())
    assert rules.receivers[0].webhook is not None
    assert rules.receivers[0].webhook.shown == "https://hooks.example.com/…"
    assert "s3cret" not in f"{rules!r} {rules} {rules.receivers[0].webhook!r}"
    text = _rule(measure="p98").replace("https://hooks", "ftp://hooks")
    assert "s3cret" not in "".join(_faults(tmp_path, text))
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, "receivers: [{webhook: {url: https://h/s3cret-token: x}}")
    assert "s3cret" not in str(caught.value)
    assert "line 1" in str(caught.value)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    faults = _faults(
        tmp_path,
        """
rules:
  - {name: a, measure: p98, window: 5m, op: ">", threshold: 1, receiver: nobody}
  - {name: a, measure: error_rate, window: 90s, op: "=", threshold: 5, receiver: on-call, fro: 5m}
  - {measure: requests, window: soon, op: ">", threshold: 1, by: [pad], receiver: on-call}
  - name: b
    measure: requests
    window: 1m
    op: ">"
    threshold: .inf
    filters: {api: ''}
    labels: {severity: high, 1st: x}
    annotations: {summary: "{{ labels.api }}"}
    receiver: on-call
  - name: c
    measure: requests
    window: 1m
    op: ">"
    threshold: 1
    by: [gateway]
    labels: {gateway: x}
    receiver: on-call
  - name: d
    measure: requests
    window: 1m
    op: ">"
    threshold: 1
    by: [gateway]
    annotations: {summary: "{{ labels.api }} {{ 7*7 }}"}
    receiver: on-call
receivers:
  - {name: on-call, webhook: {url: "${env:HOOK}"}}
  - {name: on-call, webhook: {url: "hooks.example.com"}, repeat_interval: -1h}
  - {name: "a.b"}
""",
    )
    measures = ", ".join(NUMBERS)
    assert f"rule 'a': measure: 'p98' is no measure; use one of {measures}" in faults
    assert "rule 'a': window: 1m30s is not whole minutes, by which Gatelens counts; write one such as 5m" in faults
    assert "rule 'a': op: input should be '>', '>=', '<' or '<='" in faults
    assert any(fault.startswith("rule 'a': fro: is no key here; the keys are name, ") for fault in faults)
    assert "rule number 3: name: is missing; add it" in faults
    assert "rule number 3: window: 'soon' is no duration; write one such as 30s, 5m, 1h30m or 7d" in faults
    assert any(fault.startswith("rule number 3: by: 'pad' is not a dimension; use any of") for fault in faults)
    assert "rule 'b': threshold: input should be a finite number" in faults
    assert any(fault.startswith("rule 'b': filters: api: an empty value selects nothing;") for fault in faults)
    assert "rule 'b': labels: '1st' is no label name; use letters, digits and _, and no digit first" in faults
    assert "rule 'c': labels: 'gateway' is set by the rule itself; choose another name" in faults
    assert any("annotations: summary: {{ labels.api }} is unknown; use one of value" in fault for fault in faults)
    assert any("{{ 7*7 }} is unknown" in fault for fault in faults)
    assert any("on-call': webhook: url: HOOK is not set in the environment; set it" in fault for fault in faults)
    assert any("on-call': webhook: url: is no address that can be called" in fault for fault in faults)
    assert any("on-call': repeat_interval: '-1h' is no duration" in fault for fault in faults)
    assert any(fault.startswith("receiver 'a.b': name: 'a.b' cannot be used; write letters") for fault in faults)
    assert "rule 'a': 2 rules have this name; give each its own" in faults
    assert "receiver 'on-call': 2 receivers have this name; give each its own" in faults
    assert "rule 'a': receiver: 'nobody' is no receiver; use one of a.b, on-call" in faults


def test_an_operator_without_quotes_is_reported(tmp_path: Path) -> None:
    assert _faults(tmp_path, _rule(op=">")) == ["rule 'slow': op: is empty; write it in quotes, as in op: '>'"]


@pytest.mark.parametrize("text", ["- a", "rules: [x", "rules: 5", "rules: [x]"])
def test_what_is_no_rule_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        _load(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: No such file or directory\. Give `alerts\.rules`"):
        load_rules(tmp_path / "none.yaml", {})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1w", 604_800), ("1d2h3m4s", 93_784)],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(show_duration(parse_duration(text))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1m1h", "1.5h", "-5m", "99999999w", "5m "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_duration(text)


def test_a_value_is_shown_with_its_unit() -> None:
    shown = {name: show(measure.unit, 0.98765) for name, measure in MEASURES.items()}
    assert shown["error_rate"] == "98.77 %"
    assert shown["rate"] == "0.9877/s"
    assert shown["p99"] == "0.9877 ms"
    assert shown["apdex"] == "0.9877"
    assert show(Unit.COUNT, 1_234_567) == "1,234,567"
    assert show(Unit.MILLISECONDS, 2030) == "2.03 s"
    assert show(Unit.MILLISECONDS, 12_345.6) == "12.35 s"
    assert show(Unit.MILLISECONDS, 150_000) == "2.5 min"
    assert show(Unit.BYTES, 2_500_000) == "2.5 MB"
    assert show(None, 0.25) == "0.25"


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        (
            {"threshold": "5", "measure": "error_rate"},
            "5 cannot be reached, as error_rate is from 0 to 1",
        ),
        ({"recovery": "600"}, "the recovery 600 of warning is beyond its threshold 500; write a value that lies on"),
        ({"threshold": ""}, "needs a threshold, or severities that have one each; write one of the two"),
        ({"kind": "spike"}, "kind: 'spike' is no kind of rule; use one of threshold, change, absence, burn_rate"),
        ({"kind": "consecutive"}, "periods: is missing; add it"),
        ({"kind": "burn_rate", "objective": "120"}, "input should be less than 1"),
        ({"filters": "['status!!404']"}, "'status!!404' is no filter; write api=orders,payments, status!=404"),
        ({"filters": "{status: many}"}, "status is a number, which 'many' is not."),
        ({"labels": "{severity: high}"}, "labels: 'severity' is set by the rule itself; choose another name"),
    ],
)
def test_faults_of_one_rule(tmp_path: Path, keys: dict[str, str], fault: str) -> None:
    assert any(fault in found for found in _faults(tmp_path, _rule(**keys)))


def test_faults_have_lines(tmp_path: Path) -> None:
    text = """rules:
  - alert: a
    measure: requests
    window: 5m
    op: ">"
    op: "<"
    threshold: much
route:
  receiver: nobody
  routes:
    - matchers: ["api orders"]
      mute_time_intervals: nights
receivers:
  - name: none
  - name: team
    slack: {url: "https://hooks.slack.com/x", colour: red}
"""
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    lines = [fault.removeprefix("  - ") for fault in str(caught.value).splitlines()[1:]]
    assert [line.partition(": ")[0] for line in lines] == [
        "line 6", "line 7", "line 9", "line 11", "line 12", "line 14", "line 16",
    ]  # fmt: skip
    for part in (
        "'op' is written twice; keep one", "rule 'a': threshold: input should be a valid number",
        "'nobody' is no receiver; use one of none, team", "'api orders' is no matcher; write one such as",
        "'nights' is no time interval", "receiver 'none': has no channel; add one of webhook, email, slack",
        "colour: is no key here; the keys are url, channel",
    ):  # fmt: skip
        assert any(part in line for line in lines), part


def test_secrets_come_from_files_and_the_environment(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("s3cret-key\n", encoding="utf-8")
    text = f"""
receivers:
  - name: on-call
    pagerduty: {{routing_key_file: {secret}}}
    telegram: {{token: "${{BOT}}", chat_id: -100}}
  - name: lost
    pagerduty: {{routing_key_file: {tmp_path}/none}}
"""
    faults = _faults(tmp_path, text, {"BOT": "s3cret-bot"})
    assert len(faults) == 1
    assert "routing_key_file" in faults[0]
    assert "cannot be read: No such file or directory" in faults[0]
    loaded = _load(tmp_path, text[: text.index("  - name: lost")], {"BOT": "s3cret-bot"})
    receiver = loaded.receivers[0]
    assert receiver.pagerduty is not None
    assert receiver.telegram is not None
    assert receiver.pagerduty.routing_key.get_secret_value() == "s3cret-key"
    assert (receiver.telegram.token.get_secret_value(), receiver.telegram.chat_id) == ("s3cret-bot", "-100")
    assert "s3cret" not in f"{loaded!r}"
