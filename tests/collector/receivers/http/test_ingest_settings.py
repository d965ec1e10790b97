"""The settings for gateways that cannot run here are well formed, and of names that gateway and transform know."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from collector.formats.formats import FORMATS

_ROOT = Path(__file__).parents[4]
_GATEWAYS = _ROOT / "deploy" / "gateways"
_FORMATS = _ROOT / "collector" / "formats"

# What the Message Logging policy adds, by MuleSoft's documentation of it, and what DataWeave has anyway.
_POLICY_VARIABLES = frozenset({
    "orgId", "masterOrgId", "envId", "apiId", "apiName", "apiInstanceName", "apiVersion", "receivedTs", "repliedTs",
    "runtimeVersion", "hostId", "remoteAddress", "method", "requestPath", "reqId", "requestDisposition",
})  # fmt: skip
_VIOLATION = frozenset(["clientId", "clientName", "policyName", "violationType"])

# Of Mule's documentation of the gateway and of its agent.
_PROPERTIES = frozenset(
    f"anypoint.platform.{name}"
    for name in (
        "log_analytics_events",
        "analytics_enabled",
        "analytics_base_uri",
        "analytics_multiple_consumers_enabled",
    )
)
_HANDLERS = {
    "mule.agent.gw.http.handler.log": frozenset(["enabled", "fileName", "filePattern", "immediateFlush"]),
    "mule.agent.gw.http.handler.splunk": frozenset(
        ["enabled", "host", "port", "token", "splunkSource", "splunkSourceType"]
    ),
}


def _text(name: str) -> str:
    return (_GATEWAYS / name).read_text(encoding="utf-8")


def _documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(_text(name)))


def _read_by(format_name: str) -> set[str]:
    """The names that a format's transform takes out of JSON."""
    layers = "".join(path.read_text() for path in _FORMATS.rglob(f"{format_name}*.sql"))
    return set(re.findall(r"`?([\w.@]+)`? (?:String|Tuple)\b", layers))


@pytest.mark.parametrize(
    "path", sorted(_GATEWAYS.rglob("*.yaml")) + sorted(_GATEWAYS.rglob("*.yml")), ids=lambda p: p.name
)
def test_yaml_is_well_formed(path: Path) -> None:
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    assert documents
    assert all(isinstance(document, dict) for document in documents)


def test_flex_sends_its_logs_where_they_are_taken() -> None:
    [settings] = _documents("flex/logging.yaml")
    assert (settings["apiVersion"], settings["kind"]) == ("gateway.mulesoft.com/v1alpha1", "Configuration")
    logging = settings["spec"]["logging"]
    [output] = logging["outputs"]
    assert logging["accessLogs"]["outputs"] == logging["runtimeLogs"]["outputs"] == [output["name"]]
    parameters = output["parameters"]
    # Flex hands them to Fluent Bit as they are, and takes only text.
    assert all(isinstance(value, str) for value in parameters.values())
    assert (output["type"], parameters["format"]) == ("http", "json_lines")
    assert re.fullmatch(r"/ingest/(\w+)\?environment=\w+&gateway=\w+", parameters["uri"])
    assert parameters["uri"].partition("?")[0].rpartition("/")[2] in FORMATS.ingestible


def test_the_expression_of_message_logging() -> None:
    expression = _text("flex/message-logging.dwl")
    [instance] = _documents("flex/message-logging.yaml")
    [policy] = instance["spec"]["policies"]
    [item] = policy["config"]["loggingConfiguration"]
    assert policy["policyRef"]["name"] == "message-logging-flex"
    assert item["itemData"]["message"].split() == expression.split()
    assert (item["itemData"]["level"], item["itemData"]["secondSection"]) == ("INFO", True)

    assert expression.startswith("#[write({")
    assert expression.rstrip().endswith('}, "application/json", {indent: false})]')
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)
    assert set(re.findall(r"vars\.(?!violation|request\.)(\w+)", expression)) <= _POLICY_VARIABLES
    assert set(re.findall(r"vars\.violation\.(\w+)", expression)) == _VIOLATION
    assert set(re.findall(r"^\s+(\w+): ", expression, re.MULTILINE)) - {"violation"} <= _read_by("flex")


def test_mules_properties_and_handlers() -> None:
    wrapper = _text("mule/wrapper.conf")
    told = re.findall(r"^(?:# )?wrapper\.java\.additional\.(\d+)=-D([\w.]+)=(\S+)", wrapper, re.MULTILINE)
    assert {name for _, name, _ in told} == _PROPERTIES
    # One way is on.
    assert re.findall(r"^wrapper.*-D([\w.]+)", wrapper, re.MULTILINE) == ["anypoint.platform.log_analytics_events"]
    [agent] = _documents("mule/mule-agent.yml")
    handlers = agent["internalHandlers"]
    assert set(handlers) == set(_HANDLERS)
    for name, known in _HANDLERS.items():
        assert set(handlers[name]) <= known
    assert [name for name, handler in handlers.items() if handler["enabled"]] == ["mule.agent.gw.http.handler.log"]


def test_mules_appenders() -> None:
    # Of our own making.
    settings = ElementTree.fromstring(_text("mule/log4j2.xml"))  # noqa: S314
    names = [appender.attrib["name"] for appender in settings.findall("Appenders/*")]
    assert {reference.attrib["ref"] for reference in settings.iter("AppenderRef")} <= set(names)
    targets = [appender.attrib["url"] for appender in settings.findall("Appenders/Http")]
    assert [target.partition(":4318")[2].partition("?")[0] for target in targets] == [
        "/ingest/mule_log",
        "/services/collector/raw",
    ]


def test_istios_providers() -> None:
    [mesh] = _documents("istio/mesh.yaml")
    settings = mesh["spec"]["meshConfig"]
    providers = {provider["name"]: provider for provider in settings["extensionProviders"]}
    assert settings["accessLogEncoding"] in ("JSON", "TEXT")
    assert [next(key for key in provider if key != "name") for provider in providers.values()] == [
        "envoyHttpAls",
        "envoyOtelAls",
        "envoyFileAccessLog",
        "envoyFileAccessLog",
        "opentelemetry",
    ]
    for document in _documents("istio/telemetry.yaml"):
        assert (document["apiVersion"], document["kind"]) == ("telemetry.istio.io/v1", "Telemetry")
        for logging in document["spec"]["accessLogging"]:
            assert {provider["name"] for provider in logging.get("providers", [])} <= set(providers)
        for tracing in document["spec"].get("tracing", []):
            assert [provider["name"] for provider in tracing["providers"]] == ["gatelens-traces"]
            assert 0 < tracing["randomSamplingPercentage"] <= 100
    assert not settings["accessLogFile"], "one way only: the file would be a second"
    known_ways = re.findall(r"gatelens-\w+", _text("istio/telemetry.yaml").partition("apiVersion")[0])
    assert {*known_ways, "gatelens-traces"} == set(providers)
    known = _read_by("envoy_json")
    labels = providers["gatelens-json"]["envoyFileAccessLog"]["logFormat"]["labels"]
    assert set(labels) <= known
    assert set(providers["gatelens-otel"]["envoyOtelAls"]["logFormat"]["labels"]) <= known
    assert all(re.fullmatch(r"%[A-Z_]+(?:\([A-Z:?-]+\))?%", value) for value in labels.values())
