"""What remote write 1.0 tells of metrics in requests of its own gives samples kind and unit, after a restart too."""

import logging
from pathlib import Path
from typing import Any

import cramjam
import httpx
import pytest

from collector.formats.prometheus.families import MOST_FAMILIES, Families, Family
from storage.store import Store
from tests.collector.rigs.prometheus_messages import sample_series, write_request
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import store_all
from tests.patience import PATIENCE

_METADATA = [
    {"type": 2, "metric_family_name": "load", "unit": ""},
    {"type": 1, "metric_family_name": "jobs", "unit": "bytes"},
    {"type": 3, "metric_family_name": "took", "unit": "seconds"},
    {"type": 5, "metric_family_name": "rpc", "unit": "seconds"},
    {"type": 0, "metric_family_name": "other", "unit": ""},
    {"type": 77, "metric_family_name": "strange", "unit": ""},
]
_TOLD = {
    "load": ("gauge", ""),
    "jobs_total": ("sum", "By"),
    "took_bucket": ("histogram", ""),
    "took_sum": ("histogram", "s"),
    "took_count": ("histogram", ""),
    "rpc": ("summary", "s"),
    "rpc_sum": ("summary", "s"),
    "other": ("unknown", ""),
    "strange": ("unknown", ""),
    "loads": ("unknown", ""),
}


def _post(url: str, message: dict[str, Any]) -> None:
    body = bytes(cramjam.snappy.compress_raw(write_request(message)))
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    assert httpx.post(f"{url}/api/v1/write", content=body, headers=headers, timeout=PATIENCE).status_code == 204


def _samples() -> dict[str, Any]:
    labels = {"took_bucket": {"le": "1"}, "rpc": {"quantile": "0.5"}}
    return {"timeseries": [sample_series(name, [(1, 1_764_000_000_000)], **labels.get(name, {})) for name in _TOLD]}


def test_kinds_and_units_of_their_own_requests_count_also_after_a_restart(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "families.json"
    with receivers(tmp_path / "first", families=Families(file)) as rig:
        _post(rig.http, {"metadata": _METADATA})
        assert not rig.spooled()
    with receivers(tmp_path / "second", families=Families(file), environment="families") as rig:
        _post(rig.http, _samples())
        store_all(store, rig.spool, rig.families)
    rows = store.rows("SELECT name, kind, unit FROM metrics WHERE environment = 'families'")
    assert {name: (kind, unit) for name, kind, unit in rows} == _TOLD


def test_what_comes_with_the_samples_counts_first(store: Store, tmp_path: Path) -> None:
    families = Families()
    families.learn([Family("load", "counter", "seconds")])
    message = {"timeseries": [sample_series("load", [(1, 1_764_000_000_000)])], "metadata": _METADATA[:1]}
    with receivers(tmp_path / "spool", families=families, environment="families-beside") as rig:
        _post(rig.http, message)
        store_all(store, rig.spool, rig.families)
    sql = "SELECT kind, unit FROM metrics WHERE environment = 'families-beside'"
    assert store.rows(sql) == [("gauge", "")]
    assert families.fragments() == {"known_kind": "transform(name, ['load'], ['gauge|'], '')"}


def test_no_more_are_remembered_than_may_be_and_all_of_them_can_be_asked_for(store: Store, tmp_path: Path) -> None:
    families = Families()
    families.learn(Family(f"a_rather_long_name_of_a_family_{number}", "gauge", "") for number in range(MOST_FAMILIES))
    families.learn([Family("load", "gauge", "")])
    assert "family_0'" not in families.fragments()["known_kind"]
    with receivers(tmp_path / "spool", families=families, environment="families-many") as rig:
        _post(rig.http, _samples())
        store_all(store, rig.spool, rig.families)
    sql = "SELECT kind FROM metrics WHERE environment = 'families-many' AND name = 'load'"
    assert store.rows(sql) == [("gauge",)]


def test_what_tells_nothing_is_not_remembered() -> None:
    families = Families()
    assert not families.learn(
        [Family("", "gauge", ""), Family("a", "", ""), Family("b", "gauge", "a|b"), Family("c" * 301, "gauge", "")]
    )
    assert families.fragments() == {}
    # Its name tells it.
    assert families.learn([Family("jobs_total", "counter", "")])
    assert families.fragments() == {}
    assert not families.learn([Family("jobs_total", "counter", "")])


def test_a_file_that_cannot_be_read_is_no_reason_not_to_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "families.json"
    file.write_text('[["load"')
    with caplog.at_level(logging.WARNING):
        families = Families(file)
    assert "learned anew" in caplog.text
    families.learn([Family("load", "gauge", "")])
    families.save()
    assert Families(file).fragments() == families.fragments() != {}


def test_a_disk_that_takes_nothing_is_reported_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    families = Families(tmp_path / "none" / "families.json")
    families.learn([Family("load", "gauge", "")])
    with caplog.at_level(logging.WARNING):
        families.save()
    assert "cannot be written down" in caplog.text
    assert families.fragments()
