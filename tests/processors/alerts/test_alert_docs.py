"""docs/alerts.md says what the code does: every key, channel and placeholder, and examples that work."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from processors.alerts.channels.channel import CHANNELS, Channels
from processors.alerts.channels.receiver import Receiver
from processors.alerts.channels.secrets import secret_names
from processors.alerts.channels.webhook import payload
from processors.alerts.evaluation.rule_status import RuleState
from processors.alerts.evaluation.state import State, step
from processors.alerts.routing.inhibition import InhibitRule
from processors.alerts.routing.route import Route
from processors.alerts.routing.time_intervals import NamedIntervals, TimeInterval, TimeRange
from processors.alerts.rule_file import RuleFile, load_rules
from processors.alerts.rules.kinds.burn_rate import BurnWindow
from processors.alerts.rules.kinds.kinds import KINDS
from processors.alerts.rules.kinds.pipeline import SIGNALS
from processors.alerts.rules.sample import Sample
from processors.alerts.rules.templates import PLAIN
from processors.time.window import MINUTE, Window
from tests.processors.alerts import rig

_DOCS = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
_MODELS = (
    RuleFile, *KINDS.values(), BurnWindow, Receiver, Route, InhibitRule, NamedIntervals, TimeInterval, TimeRange,
)  # fmt: skip


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", _DOCS, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def example(tmp_path: Path) -> RuleFile:
    path = tmp_path / "alerts.yaml"
    path.write_text(_block("yaml"), encoding="utf-8")
    return load_rules(path, {"ON_CALL_WEBHOOK": "https://hooks.example.com/x", "PAGERDUTY_KEY": "key"})


@pytest.mark.parametrize("model", _MODELS)
def test_every_key_is_documented(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        if field.alias or name not in CHANNELS:
            assert re.search(rf"^\| .*`{field.alias or name}`.* \|", _DOCS, re.MULTILINE), name


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_setting_of_a_channel_is_documented(channel: str) -> None:
    (model,) = (part for part in get_args(Channels.model_fields[channel].annotation) if part is not type(None))
    assert f"| `{channel}` | " in _DOCS
    for name, field in model.model_fields.items():
        row = re.search(rf"^\| `{channel}` \| `{field.alias or name}` \| (.*)$", _DOCS, re.MULTILINE)
        assert row is not None, name
        if name in secret_names(model) and name != "url":
            assert row[1].startswith("secret"), name


@pytest.mark.parametrize("word", [*KINDS, *SIGNALS, *State, *RuleState])
def test_every_kind_signal_and_state_is_documented(word: str) -> None:
    assert re.search(rf"`{word}`|^\| {word} \|", _DOCS, re.MULTILINE)


@pytest.mark.parametrize("name", PLAIN)
def test_every_placeholder_is_documented(name: str) -> None:
    assert f"`{{{{ {name} }}}}`" in _DOCS


def test_the_webhook_is_what_the_example_sends(example: RuleFile) -> None:
    now = datetime(2026, 3, 2, 12, 1, 35, tzinfo=UTC)
    rule = example.rules[0].model_copy(update={"for_": example.rules[1].for_, "receiver": "on-call"})
    group = {"environment": "production", "gateway": "edge", "api": "orders"}
    window = Window(now.replace(second=0) - 5 * MINUTE, now.replace(second=0))
    alerts, _ = step(rule, {}, [Sample(group, 0.0532, 940)], now, window)
    receivers = {receiver.name: receiver for receiver in example.receivers}
    notifications = rig.notifications(alerts.values(), receivers, now, example.external_url)
    (notification,) = (one for one in notifications if one.channel == "webhook")
    assert payload(notification) == json.loads(_block("json"))


def test_the_example_of_sql_is_a_rule() -> None:
    text = _block("yaml-rule")
    assert "kind: sql" in text
