"""docs/alerts.md says what the code does: every key and measure, and examples that work."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from processors.alerts.measures import MEASURES
from processors.alerts.notifications import due
from processors.alerts.rules import Receiver, Rule, RuleFile, Webhook, load_rules
from processors.alerts.state import Sample, step
from processors.alerts.templates import PLAIN
from processors.alerts.webhook import payload

_DOCS = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", _DOCS, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def example(tmp_path: Path) -> RuleFile:
    path = tmp_path / "alerts.yaml"
    path.write_text(_block("yaml"), encoding="utf-8")
    return load_rules(path, {"ON_CALL_WEBHOOK": "https://hooks.example.com/x"})


@pytest.mark.parametrize("model", [RuleFile, Rule, Receiver, Webhook])
def test_every_key_is_told_of(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}` |" in _DOCS


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_is_told_of(name: str) -> None:
    assert re.search(rf"^\| .*`{name}`.* \|", _DOCS, re.MULTILINE)


@pytest.mark.parametrize("name", PLAIN)
def test_every_placeholder_is_told_of(name: str) -> None:
    assert f"`{{{{ {name} }}}}`" in _DOCS


def test_the_webhook_is_what_the_example_sends(example: RuleFile) -> None:
    now = datetime(2026, 3, 2, 12, 1, 35, tzinfo=UTC)
    rule = example.rules[0].model_copy(update={"for_": example.rules[1].for_})
    group = {"environment": "production", "gateway": "edge", "api": "orders"}
    alerts, _ = step(rule, {}, [Sample(group, 0.0532, 940)], now)
    (notification,) = due(alerts.values(), {"on-call": example.receivers[0]}, now)
    assert payload(notification, example.external_url) == json.loads(_block("json"))
