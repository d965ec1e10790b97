"""What the demo adds to a configuration: rules that can be used and somebody who is told, where the user has none."""

from pathlib import Path

import httpx

from gatelens.configuration.config import AlertsConfig, Config
from gatelens.demo.configuration import CATALOGUE, OBJECTIVES, demo_configuration
from processors.alerts.rule_file import load_rules
from processors.catalogue.document import load_document
from processors.consumers.directory import load_directory
from tests.patience import PATIENCE


def test_rules_and_objectives_are_added_and_the_inbox_writes_down(tmp_path: Path) -> None:
    with demo_configuration(Config(), tmp_path / "gateways") as found:
        assert found.alerts.rules is not None
        rules = load_rules(found.alerts.rules)
        assert {rule.name for rule in rules.rules} == {"api-errors", "api-slow", "consumer-refused", "gateway-silent"}
        [receiver] = rules.receivers
        assert found.slos == OBJECTIVES
        assert found.catalogue == CATALOGUE
        document = load_document(found.catalogue.apis[0])
        assert document is not None
        assert "partner-acme" in load_directory(found.catalogue.consumers).quotas
        text = found.alerts.rules.read_text(encoding="utf-8")
        url = text.partition('url: "')[2].partition('"')[0]
        for number in range(2):
            assert (
                httpx.post(url, content=f'{{\n"number": {number}}}', trust_env=False, timeout=PATIENCE).status_code
                == 204
            )
    written = (tmp_path / "gateways" / "notifications.jsonl").read_text(encoding="utf-8")
    assert written.splitlines() == ['{ "number": 0}', '{ "number": 1}']
    assert receiver.name == "demo-inbox"


def test_what_the_user_has_stays(tmp_path: Path) -> None:
    catalogue = CATALOGUE.model_copy(update={"apis": CATALOGUE.apis[:1]})
    own = Config(alerts=AlertsConfig(rules=tmp_path / "own.yaml"), slos=OBJECTIVES[:1], catalogue=catalogue)
    with demo_configuration(own, tmp_path) as found:
        assert found == own
