"""A body of several payloads: all of it is taken, or nothing, so that a client that sends it again doubles nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Sum

from collector.errors import SpoolFull
from collector.intake import intake as module
from collector.intake.intake import Intake
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread
from storage.retry import Backoff
from tests.collector.inputs.records_of_formats import COMBINED, TEXT
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.collector.rigs.spooling import leave_room
from tests.patience import PATIENCE

_EVENTS = b"".join(
    json.dumps({"event": {"msg": text}, "host": host}).encode() for host, text in (("a", "x"), ("b", "y" * 9000))
)
_MIXED = "\n".join([TEXT, *["{}"] * 3, *[TEXT] * 50]).encode()


@pytest.mark.parametrize(("path", "body"), [("/services/collector/event", _EVENTS), ("/ingest", _MIXED)])
def test_without_room_for_all_nothing_is_taken(tmp_path: Path, path: str, body: bytes) -> None:
    with http_port(tmp_path) as rig:
        taken = leave_room(rig.spool, 1000)
        for _ in range(3):
            assert httpx.post(rig.http + path, content=body, trust_env=False, timeout=PATIENCE).status_code == 503
        assert rig.spool.size == taken
        assert payloads(rig) == []


@pytest.mark.parametrize(("path", "body"), [("/services/collector/event", _EVENTS), ("/ingest", _MIXED)])
def test_with_room_for_all_everything_is_taken(tmp_path: Path, path: str, body: bytes) -> None:
    with http_port(tmp_path) as rig:
        assert httpx.post(rig.http + path, content=body, trust_env=False, timeout=PATIENCE).status_code == 200
        assert len(payloads(rig)) == 2


def test_parts_of_a_body_with_a_key_take_no_key_of_another(tmp_path: Path) -> None:
    with http_port(tmp_path) as rig:
        url = f"{rig.http}/ingest?own_segment=true"
        for key in ("upload", "upload-1"):
            answer = httpx.post(
                url, content=_MIXED, headers={"Idempotency-Key": key}, trust_env=False, timeout=PATIENCE
            )
            assert answer.status_code == 200
        ids = sorted(path.name.split(".")[2].split("+") for path in tmp_path.iterdir())
        assert [(key, rest[1:]) for key, *rest in ids] == [
            ("upload", []), ("upload", ["1"]), ("upload-1", []), ("upload-1", ["1"])
        ]  # fmt: skip
        assert len({content for _, content, *_ in ids}) == 2
        answer = httpx.post(
            f"{rig.http}/ingest",
            content=b"{}",
            headers={"Idempotency-Key": "upload+1"},
            trust_env=False,
            timeout=PATIENCE,
        )
        assert (answer.status_code, "may hold up to 100 letters" in answer.text) == (400, True)


class _Disk:
    """Refuses to write one format, so many times."""

    def __init__(self, refused: bytes, times: int) -> None:
        self._refused = refused
        self._times = times
        self._write: Callable[[int, Any], int] = os.writev

    def writev(self, descriptor: int, parts: list[memoryview]) -> int:
        if self._times and any(self._refused in bytes(part) for part in parts):
            self._times -= 1
            raise OSError(28, "No space left on device")
        return self._write(descriptor, parts)


def _accept(directory: Path, reader: InMemoryMetricReader) -> None:
    spool = Spool(directory, SpoolConfig(segment_age=60))
    intake = Intake(spool, CollectorMetrics(MeterProvider([reader]).get_meter("test")))
    stamped = [intake.stamped(name, body, peer="") for name, body in (("json", b"{}"), ("combined", COMBINED.encode()))]
    loop = EventLoopThread("receivers")
    try:
        loop.run(intake.accept_together("http", stamped))
    finally:
        loop.close()
        spool.close()


def _counted(reader: InMemoryMetricReader) -> dict[str, int]:
    data = reader.get_metrics_data()
    assert data is not None
    found: dict[str, int] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        if metric.name in ("gatelens.receiver.accepted", "gatelens.receiver.refused"):
            assert isinstance(metric.data, Sum)
            found[metric.name.rpartition(".")[2]] = sum(int(point.value) for point in metric.data.data_points)
    return found


def test_what_the_disk_refuses_of_several_is_offered_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REST_OFFERED", Backoff(first=0.01, longest=0.01, tries=31))
    monkeypatch.setattr(os, "writev", _Disk(b"HTTP/1.1", 3).writev)
    reader = InMemoryMetricReader()
    _accept(tmp_path, reader)
    assert sorted(path.name.split(".")[1] for path in tmp_path.iterdir()) == ["combined", "json"]
    assert _counted(reader) == {"accepted": 2, "refused": 3}


@pytest.mark.parametrize(("refused", "tries", "accepted"), [(b"HTTP/1.1", 31, 1), (b"", 2, 0)])
def test_what_the_disk_goes_on_to_refuse_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bytes, tries: int, accepted: int
) -> None:
    monkeypatch.setattr(module, "_REST_OFFERED", Backoff(first=0.01, longest=0.01, tries=31))
    monkeypatch.setattr(os, "writev", _Disk(refused, 1000).writev)
    reader = InMemoryMetricReader()
    with pytest.raises(SpoolFull, match="No space left on device"):
        _accept(tmp_path, reader)
    assert _counted(reader).get("accepted", 0) == accepted
    assert _counted(reader)["refused"] == tries
