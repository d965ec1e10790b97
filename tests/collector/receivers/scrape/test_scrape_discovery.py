"""Targets from files: what they name is scraped, from when a file says so until it no longer does."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.receivers.scrape.config import ScrapeDiscovery
from collector.receivers.scrape.discovery import Discovery
from collector.receivers.scrape.target import Target
from tests.collector.rigs.prometheus_rig import scraper
from tests.collector.rigs.scrape_target import Answering, target
from tests.collector.rigs.waiting import wait_until


def _discovery(directory: Path, *patterns: str, **settings: Any) -> Discovery:
    files = [str(directory / pattern) for pattern in patterns or ("*.json", "*.yaml")]
    return Discovery([ScrapeDiscovery.model_validate({"files": files, **settings})])


def _write(path: Path, text: str) -> None:
    """Write and make sure that the change shows, however coarse the clock of files is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 1, before + 1)) if before else None


def _urls(discovery: Discovery) -> set[str]:
    return {found.url for found in discovery.targets()}


@pytest.mark.parametrize(("name", "dump"), [("edge.json", json.dumps), ("edge.yaml", yaml.safe_dump)])
def test_both_kinds_of_files_are_read(tmp_path: Path, name: str, dump: Any) -> None:
    groups = [
        {"targets": ["edge-1:9901", "edge-2:9901"], "labels": {"job": "edge", "zone": "a"}},
        {"targets": ["[::1]:9100"]},
        {
            "targets": ["mule-1:8443"],
            "labels": {
                "__scheme__": "https",
                "__metrics_path__": "/stats/prometheus",
                "__meta_x": "gone",
                "gateway": "mule",
                "environment": "staging",
                "number": 7,
            },
        },
    ]
    _write(tmp_path / name, dump(groups))
    edge = (("job", "edge"), ("zone", "a"))
    assert _discovery(tmp_path, gateway="all", environment="production").targets() == {
        Target("http://edge-1:9901/metrics", "all", "production", edge),
        Target("http://edge-2:9901/metrics", "all", "production", edge),
        Target("http://[::1]:9100/metrics", "all", "production"),
        Target("https://mule-1:8443/stats/prometheus", "mule", "staging", (("number", "7"),)),
    }


def test_settings_hold_for_all_targets_of_a_file(tmp_path: Path) -> None:
    _write(tmp_path / "a.json", '[{"targets": ["a:1"], "labels": {"zone": "own"}}]')
    (found,) = _discovery(
        tmp_path,
        scheme="https",
        path="/m",
        labels={"zone": "x", "tier": "y"},
        username="u",
        password="p",  # noqa: S106
    ).targets()
    assert (found.url, found.labels) == ("https://a:1/m", (("tier", "y"), ("zone", "own")))
    assert found.credentials.headers() == {"Authorization": "Basic dTpw"}


def test_changes_are_seen(tmp_path: Path) -> None:
    discovery = _discovery(tmp_path)
    assert _urls(discovery) == set()
    _write(tmp_path / "a.json", '[{"targets": ["a:1"]}]')
    assert _urls(discovery) == {"http://a:1/metrics"}
    _write(tmp_path / "b.yaml", "- targets: [b:1]")
    _write(tmp_path / "a.json", '[{"targets": ["a:2"]}]')
    assert _urls(discovery) == {"http://a:2/metrics", "http://b:1/metrics"}
    (tmp_path / "a.json").unlink()
    _write(tmp_path / "b.yaml", "")
    assert _urls(discovery) == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[{", "Expecting property name"),
        ("null0", "Expecting value|Extra data"),
        ('{"targets": ["a:1"]}', "valid list"),
        ('[{"targets": "a:1"}]', "0.targets: Input should be a valid list"),
        ('[{"targets": ["a:1"], "lables": {}}]', "0.lables: Extra inputs are not permitted"),
        ('[{"targets": ["a:1"], "labels": {"a-b": "c"}}]', "'a-b' is not the name of a label"),
        ('[{"targets": ["http://a:1/metrics"]}]', "'http://a:1/metrics' is not a host and port"),
        ('[{"targets": ["user:hidden@a:1"]}]', "^a target has a user before its host; set username and password"),
        ('[{"targets": ["a:99999"]}]', "invalid port number"),
        ('[{"targets": [""]}]', "is not a host and port"),
        ("[" * 100_000, "recursion|depth|nest|Expecting"),
        ('[{"targets": ["a:1"], "labels": {"__scheme__": "ftp"}}]', "^URL scheme should be 'http' or 'https'"),
    ],
)
def test_a_fault_keeps_what_was_named_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, fault: str
) -> None:
    discovery = _discovery(tmp_path)
    _write(tmp_path / "a.json", '[{"targets": ["good:1"]}]')
    assert _urls(discovery) == {"http://good:1/metrics"}
    _write(tmp_path / "a.json", text)
    for _ in range(3):
        assert _urls(discovery) == {"http://good:1/metrics"}
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    with pytest.raises(ValueError, match=fault):
        raise ValueError(record.__dict__["error"])
    _write(tmp_path / "a.json", '[{"targets": ["better:1"]}]')
    assert _urls(discovery) == {"http://better:1/metrics"}


def test_yaml_makes_nothing_but_data(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "!!python/object/apply:os.system [touch harm]")
    assert _urls(_discovery(tmp_path)) == set()


def test_a_file_that_cannot_be_read_is_no_stop(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    (tmp_path / "b.json").symlink_to("nowhere")
    _write(tmp_path / "c.json", '[{"targets": ["c:1"]}]')
    assert _urls(_discovery(tmp_path)) == {"http://c:1/metrics"}


def test_targets_come_and_go_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    discovery = {"files": [str(file)], "gateway": "found"}
    with (
        target(Answering(body=b"one 1\n")) as one,
        target(Answering(body=b"two 1\n")) as two,
        scraper(tmp_path / "spool", refresh_interval=0.1, discovery=[discovery]) as rig,
    ):
        addresses = [answering.url.split("/")[2] for answering in (one, two)]
        _write(file, json.dumps([{"targets": addresses[:1], "labels": {"zone": "a"}}]))
        wait_until(lambda: bool(rig.spooled()))
        assert rig.spooled()[0][1].startswith(b'# TARGET {zone="a"}\none 1\n')
        _write(file, json.dumps([{"targets": addresses[1:]}]))
        wait_until(lambda: bool(two.asked))
        asked = len(one.asked)
        wait_until(lambda: len(two.asked) >= 3)
        assert len(one.asked) <= asked + 1
        assert set(rig.said(3)) == {"found"}
