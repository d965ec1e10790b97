"""What an empty Gatelens shows to paste: it has to work as it is."""

from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import yaml

from dashboards.notices.empty import first_steps
from dashboards.settings import WebSettings

_BOOTSTRAPS = Path(__file__).parents[3] / "deploy" / "gateways" / "envoy"
_SETTINGS = WebSettings("127.0.0.1:4317", "http://127.0.0.1:4318", "1.0", "/var/lib/gatelens")


def _snippets() -> dict[str, str]:
    shown: Any = first_steps(_SETTINGS)
    [tabs] = [part for part in shown.children if isinstance(part, dmc.Tabs)]
    return {panel.value: panel.children.children for panel in tabs.children if isinstance(panel, dmc.TabsPanel)}


def _logger(bootstrap: str) -> Any:
    whole = yaml.safe_load((_BOOTSTRAPS / bootstrap).read_text())
    [listener] = whole["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]["access_log"][0]


def _named(attributes: Any) -> dict[str, str]:
    return {attribute["key"]: attribute["value"]["string_value"] for attribute in attributes["values"]}


def test_the_records_of_opentelemetry_tell_what_the_bootstrap_of_ours_does() -> None:
    """The bootstrap itself is run by a real Envoy."""
    [shown] = yaml.safe_load(_snippets()["otlp"])["access_log"]
    ours = _logger("otlp.yaml")
    assert (shown["name"], shown["typed_config"]["@type"]) == (ours["name"], ours["typed_config"]["@type"])
    told = _named(shown["typed_config"]["attributes"])
    assert told.items() <= _named(ours["typed_config"]["attributes"]).items()
    assert "response_code" in told


def test_the_access_log_service_is_that_of_the_bootstrap_of_ours() -> None:
    [shown] = yaml.safe_load(_snippets()["als"])["access_log"]
    ours = _logger("als.yaml")
    assert (shown["name"], shown["typed_config"]["@type"]) == (ours["name"], ours["typed_config"]["@type"])


def test_commands_name_this_gatelens() -> None:
    snippets = _snippets()
    assert snippets["files"].endswith("--data /var/lib/gatelens")
    assert "'http://127.0.0.1:4318/ingest?environment=production'" in snippets["curl"]
