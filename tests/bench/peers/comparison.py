"""Gatelens beside an OpenTelemetry Collector, same events, one after the other: CPU and memory of who receives them.

A real Envoy's log comes by Fluent Forward, by OTLP over gRPC, and as a file that is followed. The collector throws the
events away, or writes them to a file; Gatelens stores them and rolls them up.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from gatelens.data_directory.directory import Addresses
from tests.bench.envoy_capture import write_capture
from tests.bench.forward_sender import ForwardSender
from tests.bench.grpc_senders import OtlpSender
from tests.bench.messages import captured_forward_entries, captured_otlp_messages
from tests.bench.peers.running_collector import BINARY, RunningCollector, is_built
from tests.bench.sender import REQUESTS, Sender
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_LOOK_SECONDS = 0.5
_SETTLING_SECONDS = 5.0
# What the collector's documentation recommends for Envoy's JSON log.
_FILELOG: Mapping[str, Any] = {
    "start_at": "beginning",
    "operators": [
        {
            "type": "json_parser",
            "timestamp": {"parse_from": "attributes.start_time", "layout_type": "gotime",
                          "layout": "2006-01-02T15:04:05.999999Z"},
        }
    ],
}  # fmt: skip


@dataclass(frozen=True)
class _Way:
    """How events come: by a sender, or else in a file that both follow."""

    name: str
    receiver: str
    sender: Callable[[Addresses], Sender] | None = None


# The collector does not read the metadata that Fluent Bit puts beside each time.
_entries = partial(captured_forward_entries, has_metadata=False)
_WAYS = (
    _Way("forward", "fluent_forward", lambda addresses: ForwardSender(addresses, _entries)),
    _Way("otlp_grpc", "otlp", lambda addresses: OtlpSender(addresses, captured_otlp_messages)),
    _Way("file", "file_log"),
)


def compare_with_peers(directory: Path, events: int) -> dict[str, Any]:
    """A row for each way and receiver, with events per CPU second and the peak of memory."""
    if not is_built():
        raise RuntimeError(f"There is no {BINARY.name} to compare with; build it with `make peers`, which needs Go.")
    directory.mkdir()
    return {"way": "peers", "events": events, "rows": [row for way in _WAYS for row in _rows(way, directory, events)]}


def _rows(way: _Way, directory: Path, events: int) -> Iterator[dict[str, Any]]:
    log = directory / "access.log"
    if way.sender is None:
        write_capture(log, events, datetime.now(UTC))
    for name, exporter in (("collector_discards", "nop"), ("collector_writes_file", "file")):
        yield {"way": way.name, "receiver": name, **_collector(way, directory, log, exporter, events)}
    yield {"way": way.name, "receiver": "gatelens_stores", **_gatelens(way, directory, log, events)}


def _collector(way: _Way, directory: Path, log: Path, exporter: str, events: int) -> dict[str, Any]:
    written = directory / f"{way.name}.json"
    exporters = {"nop": {}} if exporter == "nop" else {"file": {"path": str(written)}}
    followed = directory / f"{way.name}-{exporter}.log"
    receiver = {**_FILELOG, "include": [str(followed)]} if way.sender is None else None
    with RunningCollector(directory, {way.receiver: receiver}, exporters) as collector:
        spent = _send(way, collector.addresses, log, followed, events, collector.cpu_seconds)
        _await(lambda: collector.accepted() or 0, events)
        time.sleep(_SETTLING_SECONDS)
        return _figures(events, collector.cpu_seconds() - spent, collector.peak_memory())


def _gatelens(way: _Way, directory: Path, log: Path, events: int) -> dict[str, Any]:
    followed = directory / f"{way.name}-gatelens.log"
    config = directory / "gatelens.yaml"
    config.write_text(yaml.safe_dump({"collector": {"files": {"sources": [{"include": [str(followed)]}]}}}))
    with RunningGatelens(directory / f"gatelens-{way.name}", config=config) as gatelens:
        spent = _send(way, gatelens.addresses, log, followed, events, gatelens.cpu_seconds)
        _await(lambda: int(gatelens.query(REQUESTS)[0]["stored"]), events)
        time.sleep(_SETTLING_SECONDS)
        return _figures(events, gatelens.cpu_seconds() - spent, gatelens.memory("VmHWM"))


def _send(
    way: _Way, addresses: Addresses, log: Path, followed: Path, events: int, cpu_seconds: Callable[[], float]
) -> float:
    """Send all, or put the log where it is followed; the CPU seconds that the receiver had spent before."""
    if way.sender is None:
        spent = cpu_seconds()
        followed.hardlink_to(log)
        return spent
    sender = way.sender(addresses)
    try:
        sender.prepare(events)
        spent = cpu_seconds()
        sender.send_all()
        return spent
    finally:
        sender.close()


def _await(taken: Callable[[], int], events: int) -> None:
    started = time.monotonic()
    while (count := taken()) < events:
        if time.monotonic() - started > PATIENCE:
            raise RuntimeError(f"Only {count} of {events} events were taken.")
        time.sleep(_LOOK_SECONDS)


def _figures(events: int, seconds: float, peak: int) -> dict[str, Any]:
    return {
        "events_per_cpu_second": round(events / seconds),
        "cpu_seconds": round(seconds, 2),
        "peak_memory_mb": peak >> 20,
    }
