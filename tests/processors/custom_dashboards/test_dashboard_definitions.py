"""Dashboards as their authors write them: faults with their lines, and panels that are added to the text."""

import pytest
import yaml

from processors.custom_dashboards.additions import panel_yaml, with_panel
from processors.custom_dashboards.definition import PanelDefinition, parse_dashboard
from processors.errors import InvalidDashboard

_PANEL = "- title: Rate\n  draw: figure\n  measures:\n  - rate\n"
_TABLE = "- title: T\n  draw: table\n  measures: [requests]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("panels: [}", r"line 1: this is not YAML.*correct that line"),
        ("- 1", "begin with the key `panels:`"),
        ("panels:\n- 5", "line 2: panel number 1"),
        ("description: x\ndescription: y", "line 2: 'description' is written twice"),
        ("panels:\n- title: A\n  draw: pie\n  measures: [rate]", "line 3: panel 'A': draw: input should be 'figure'"),
        ("panels:\n- title: A\n  draw: figure\n  measures: [p96]", "line 4: panel 'A': measures: 'p96' is no measure"),
        ("panels:\n- title: A\n  draw: figure\n  measures: [latency_histogram]", "use its percentiles"),
        (f"panels:\n{_TABLE}  by: [apis]", "line 5: panel 'T': by: 'apis' is not a dimension"),
        (f"panels:\n{_TABLE}  by: [api]\n  filters: [api]", "line 6: panel 'T': filters: 'api' is no filter"),
        (f"panels:\n{_TABLE}  by: [api]\n  order: -p95", "order '-p95' is none of the panel's"),
        (f"panels:\n{_TABLE}", "table needs `by`"),
        (f"panels:\n{_TABLE}  by: [api]\n  step: 5m", "`step` is of a time_chart"),
        (f"panels:\n{_TABLE}  by: [api]\n  colour: red", "line 6: panel 'T': colour: is no key here; the keys are"),
        ("panels: &a\n- *a", "no aliases"),
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_fault_tells_its_line_and_the_cure(text: str, told: str) -> None:
    with pytest.raises(InvalidDashboard, match=told):
        parse_dashboard(text)


@pytest.mark.parametrize(
    "text",
    [
        f"# mine\npanels:\n{_TABLE}  by: [api]  # all\n",
        f"panels:\n{_TABLE}  by: [api]",
        "panels:\n  - title: T\n    draw: table\n    measures: [requests]\n    by: [api]\ndescription: below\n",
        "panels: [{title: T, draw: table, measures: [requests], by: [api]}]",
    ],
)
def test_a_panel_is_added_below_the_others(text: str) -> None:
    added = with_panel(text, _PANEL)
    before, after = parse_dashboard(text), parse_dashboard(added)
    assert [panel.title for panel in after.panels] == ["T", "Rate"]
    assert (after.panels[0], after.description) == (before.panels[0], before.description)
    assert [line for line in text.splitlines() if "#" in line] == [line for line in added.splitlines() if "#" in line]


@pytest.mark.parametrize("text", ["", "panels: []", "description: x"])
def test_a_first_panel_is_added(text: str) -> None:
    assert [panel.title for panel in parse_dashboard(with_panel(text, _PANEL)).panels] == ["Rate"]


def test_a_panel_as_yaml_is_read_as_the_same() -> None:
    panel = PanelDefinition(
        title="A: b", draw="time_chart", measures=("p95",), by=("api",), filters=("status!=404",), order="-p95", limit=5
    )
    assert PanelDefinition.model_validate(yaml.safe_load(panel_yaml(panel))[0]) == panel
