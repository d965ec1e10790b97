"""What an empty Gatelens shows to paste: it has to work as it is."""

from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import yaml

from dashboards.notices.first_steps import first_steps
from dashboards.settings import WebSettings

_GATEWAYS = Path(__file__).parents[3] / "deploy" / "gateways"
_SETTINGS = WebSettings("127.0.0.1:4317", "http://127.0.0.1:4318", "1.0", "/var/lib/gatelens")


def _snippets() -> dict[str, str]:
    shown: Any = first_steps(_SETTINGS)
    [tabs] = [part for part in shown.children if isinstance(part, dmc.Tabs)]
    return {panel.value: panel.children.children for panel in tabs.children if isinstance(panel, dmc.TabsPanel)}


def _logger(bootstrap: str) -> Any:
    whole = yaml.safe_load((_GATEWAYS / "envoy" / bootstrap).read_text())
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


def test_flex_sends_as_the_configuration_of_ours_does() -> None:
    shown = yaml.safe_load(_snippets()["flex"])
    ours = yaml.safe_load((_GATEWAYS / "flex" / "logging.yaml").read_text())
    [output] = shown["spec"]["logging"]["outputs"]
    assert (output["parameters"]["host"], output["parameters"]["port"]) == ("127.0.0.1", "4318")
    output["parameters"]["host"] = "gatelens.example.com"
    assert shown == ours


def test_mule_sends_as_the_properties_of_ours_do() -> None:
    ours = (_GATEWAYS / "mule" / "wrapper.conf").read_text().replace("http://gatelens.example.com:4318", "{http}")
    properties = [line for line in _snippets()["mule"].splitlines() if not line.startswith("#")]
    assert len(properties) == 3
    for line in properties:
        assert line.replace("http://127.0.0.1:4318", "{http}") in ours


def test_istio_sends_as_the_resources_of_ours_do() -> None:
    mesh, telemetry = yaml.safe_load_all(_snippets()["istio"])
    [provider] = mesh["extensionProviders"]
    whole = yaml.safe_load((_GATEWAYS / "istio" / "mesh.yaml").read_text())
    assert provider in whole["spec"]["meshConfig"]["extensionProviders"]
    ours, *_ = yaml.safe_load_all((_GATEWAYS / "istio" / "telemetry.yaml").read_text())
    assert telemetry["spec"]["accessLogging"] == ours["spec"]["accessLogging"]
