"""The settings that we hand out for proxies, agents and tracing: taken by the real program, or well formed."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.patience import PATIENCE

_GATEWAYS = Path(__file__).parents[2] / "deploy" / "gateways"

# https://github.com/mulesoft/mule, OpenTelemetrySpanExporterConfigurationProperties, and MuleSoft's page of it.
_OPENTELEMETRY = re.compile(
    r"mule\.openTelemetry\.(?:(?:tracer|logging)\.exporter\.(?:enabled|type|endpoint|compression|headers|timeout|"
    r"sampler|sampler\.arg|batch\.(?:scheduledDelay|maxSize|queueSize|backPressure\.strategy))|"
    r"exporter\.resource\.(?:service\.name|service\.namespace|attributes))"
)

# The program, and how it only checks what {file} says, in a directory of its own.
_CHECKS = {
    "nginx/nginx.conf": ["nginx", "-t", "-p", "{here}", "-c", "{file}", "-e", "stderr"],
    "haproxy/haproxy.cfg": ["haproxy", "-c", "-f", "{file}"],
    "apache/apache2.conf": ["apache2", "-t", "-d", "{here}", "-f", "{file}"],
    "prometheus/prometheus.yml": ["promtool", "check", "config", "{file}"],
}


def _yaml(name: str) -> Any:
    return yaml.safe_load((_GATEWAYS / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", _CHECKS)
def test_the_program_takes_its_settings(name: str, tmp_path: Path) -> None:
    program, *arguments = _CHECKS[name]
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        pytest.skip(f"No {program} was found; run `scripts/peers.sh`.")
    places = {"file": str(_GATEWAYS / name), "here": str(tmp_path)}
    command = [found, *(argument.format(**places) for argument in arguments)]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_writes_what_tells_of_gateways() -> None:
    [write] = _yaml("prometheus/prometheus.yml")["remote_write"]
    assert write["url"].endswith(":4318/api/v1/write")
    [kept] = write["write_relabel_configs"]
    names = ("envoy_server_memory_allocated", "istio_requests_total", "node_cpu_seconds_total", "up",
             "container_cpu_usage_seconds_total", "container_memory_working_set_bytes")  # fmt: skip
    assert [name for name in names if not re.fullmatch(kept["regex"], name)] == []
    assert not re.fullmatch(kept["regex"], "node_disk_io_now")
    [cadvisor] = _yaml("prometheus/cadvisor.yml")["scrape_configs"]
    assert cadvisor["metrics_path"] == "/metrics/cadvisor"
    assert [rule["target_label"] for rule in cadvisor["relabel_configs"]] == ["node"]


def test_flex_traces_to_where_they_are_taken() -> None:
    settings = _yaml("flex/tracing.yaml")
    assert (settings["apiVersion"], settings["kind"]) == ("gateway.mulesoft.com/v1beta1", "Configuration")
    tracing = settings["spec"]["tracing"]
    assert tracing.keys() == {"provider", "sampling", "labels"}
    assert tracing["provider"]["type"] == "opentelemetry"
    properties = tracing["provider"]["properties"]
    assert properties.keys() == {"address", "serviceType", "serviceName", "timeout", "resourceAttributes"}
    assert (properties["serviceType"], properties["address"].partition("://")[0]) == ("grpc", "h2")
    assert properties["resourceAttributes"]["gateway.kind"] == "flex"
    assert tracing["sampling"].keys() == {"client", "random", "overall"}
    for label in tracing["labels"]:
        assert label.keys() == {"name", "type", "keyName", "defaultValue"}
        assert label["type"] in ("environment", "requestHeader")


def test_mules_properties_of_opentelemetry() -> None:
    lines = (_GATEWAYS / "mule" / "opentelemetry.properties").read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert [name for name in told if not _OPENTELEMETRY.fullmatch(name)] == []
    for signal in ("tracer", "logging"):
        assert told[f"mule.openTelemetry.{signal}.exporter.enabled"] == "true"
        assert told[f"mule.openTelemetry.{signal}.exporter.endpoint"].endswith(":4317")


def test_fluent_bit_sends_what_it_has_until_it_is_acknowledged() -> None:
    pipeline = _yaml("fluent-bit/fluent-bit.yaml")["pipeline"]
    [output] = pipeline["outputs"]
    assert (output["name"], output["match"], output["port"]) == ("forward", "*", 24224)
    assert (output["require_ack_response"], output["retry_limit"]) == (True, "no_limits")
    assert [told["name"] for told in pipeline["inputs"]] == ["tail", "tail", "cpu", "mem"]
    matched = {told["match"].rstrip("*") for told in pipeline["filters"]}
    assert all(any(told["tag"].startswith(match) for told in pipeline["inputs"]) for match in matched)


def test_fluentd_sends_what_it_has_until_it_is_acknowledged() -> None:
    text = (_GATEWAYS / "fluentd" / "fluentd.conf").read_text(encoding="utf-8")
    opened = re.findall(r"^\s*<(\w+)", text, re.MULTILINE)
    assert sorted(opened) == sorted(re.findall(r"^\s*</(\w+)>", text, re.MULTILINE))
    assert opened == ["source", "parse", "match", "server", "buffer"]
    told = dict(re.findall(r"^\s+(@?\w+) (\S+)$", text.partition("<match")[2], re.MULTILINE))
    assert (told["port"], told["require_ack_response"], told["retry_forever"]) == ("24224", "true", "true")


@pytest.mark.parametrize(
    "path", sorted(path for path in _GATEWAYS.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_file_is_found_from_the_documentation(path: Path) -> None:
    pages = (_GATEWAYS.parents[1] / "docs" / "sources").glob("*.md")
    documented = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    place = f"deploy/gateways/{path.parent.name}/"
    assert place in documented
    assert path.name in documented or f"`{place}`" in documented
