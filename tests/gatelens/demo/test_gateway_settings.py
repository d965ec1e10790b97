"""The Envoy settings that we hand out: the real Envoy takes them, and they tell what the demo's own settings tell."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatelens.demo.gateways import access_logs
from gatelens.demo.gateways.binary import envoy_binary
from tests.patience import PATIENCE

SETTINGS = Path(__file__).parents[3] / "deploy" / "gateways" / "envoy"


@pytest.mark.parametrize("name", sorted(path.stem for path in SETTINGS.glob("*.yaml")))
def test_envoy_accepts_the_settings(name: str, tmp_path: Path) -> None:
    """Runs in a directory of its own, since Envoy opens the log file even when it only validates."""
    command = [envoy_binary(), "--mode", "validate", "--log-level", "error", "-c", str(SETTINGS / f"{name}.yaml")]
    validated = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert validated.returncode == 0, validated.stdout + validated.stderr


def test_the_otlp_settings_tell_what_the_demo_tells() -> None:
    ours = _pairs(_access_log("otlp")["attributes"])
    demo = _pairs(access_logs.otlp_log("gatelens", "gatelens")["typed_config"]["attributes"])
    # A record has a time of its own, and where Envoy traces, as the demo's does, a trace.
    del demo["start_time"]
    assert ours == {**demo, "traceparent": "%REQ(TRACEPARENT)%"}


def test_the_json_settings_tell_what_the_demo_tells_and_who_tells_it() -> None:
    ours = _access_log("json")["log_format"]["json_format"]
    demo = access_logs.json_log("access.log")["typed_config"]["log_format"]["json_format"]
    assert ours == {**demo, "gateway": "edge", "instance": "edge-1", "environment": "production"}


def test_the_record_over_forward_is_the_line_of_json() -> None:
    assert _access_log("fluentd")["record"] == _access_log("json")["log_format"]["json_format"]


def _pairs(attributes: Any) -> dict[str, str]:
    return {pair["key"]: pair["value"]["string_value"] for pair in attributes["values"]}


def _access_log(name: str) -> dict[str, Any]:
    settings = yaml.safe_load((SETTINGS / f"{name}.yaml").read_text(encoding="utf-8"))
    manager = settings["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    config: dict[str, Any] = manager["access_log"][0]["typed_config"]
    return config
