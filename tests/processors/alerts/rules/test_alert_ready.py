"""Ready rules: they are rules, they are documented, and each has its runbook."""

from pathlib import Path

import pytest

from processors.alerts.ready.packs import PACKS, Pack, rules_of
from processors.alerts.rule_file import parse_rules

_ROOT = Path(__file__).parents[4]
_ROUTE = """
route: {receiver: team}
receivers: [{name: team, webhook: {url: "http://hooks.example.com"}}]
"""


@pytest.mark.parametrize("pack", PACKS)
def test_every_ready_rule_has_a_runbook_that_names_it(pack: Pack) -> None:
    documented = (_ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    index = (_ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    rules = rules_of(pack)
    assert rules
    for rule in rules:
        assert rule.receiver == ""
        assert rule.name in documented
        assert rule.name in index
        assert (_ROOT / rule.annotations["runbook"]).exists()


def test_packs_are_off_until_they_are_chosen_and_can_be_overridden() -> None:
    written = """
rules:
  - {alert: ApiErrors, measure: error_rate, window: 1m, op: ">", threshold: 0.5}
"""
    file, faults = parse_rules(f"ready: [apis]{written}{_ROUTE}")
    assert (faults, file is not None) == ([], True)
    assert file is not None
    assert list(file.by_name) == ["ApiErrors", "ApiSlow", "ApiSilent"]
    assert file.by_name["ApiErrors"].threshold == 0.5
    plain, _ = parse_rules(_ROUTE)
    assert plain is not None
    assert plain.by_name == {}
    _, faults = parse_rules("ready: [apis, mule]")
    assert [fault.message.partition(";")[0] for fault in faults] == ["ready: these rules name no receiver"]
    _, faults = parse_rules(f"ready: [apples]{_ROUTE}")
    assert "input should be 'apis', 'mule'" in faults[0].message
