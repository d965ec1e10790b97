"""One benchmark: everything at once for throughput, then at half of that for lag."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any

from gatelens.data_directory.directory import Addresses
from tests.bench.sender import Sender
from tests.bench.thread_roles import spent_by_role
from tests.running import RunningGatelens

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 600
_SETTLING_SECONDS = 5.0


def run(
    name: str, make_sender: Callable[[Addresses], Sender], events: int, seconds: float, data: Path
) -> dict[str, Any]:
    """Figures of one way in, for the JSON."""
    with RunningGatelens(data) as gatelens:
        time.sleep(1)
        idle = gatelens.memory("VmRSS")
        sender = make_sender(gatelens.addresses)
        try:
            sender.prepare(events)
            events -= events % sender.events_in_a_message
            throughput = _throughput(gatelens, sender, events)
            rate = throughput["events_per_second"] / 2
            return {
                "name": name,
                "events": events,
                "ready_seconds": round(gatelens.ready_seconds, 2),
                **throughput,
                **(_size(gatelens) if sender.events_are_distinct else {}),
                **(_lag(gatelens, sender, rate, seconds) if seconds else {}),
                "idle_memory_mb": idle >> 20,
                "peak_memory_mb": gatelens.memory("VmHWM") >> 20,
            }
        finally:
            sender.close()


def _throughput(gatelens: RunningGatelens, sender: Sender, events: int) -> dict[str, Any]:
    threads, cpu, started = gatelens.cpu_seconds_by_thread(), gatelens.cpu_seconds(), time.time()
    sender.send_all()
    while (stored := _stored(gatelens, sender)) < events:
        if time.time() - started > _PATIENCE_SECONDS:
            raise RuntimeError(f"Only {stored} of {events} events were stored.")
        # Seldom, since each look is a query, and costs what is measured.
        time.sleep(1)
    (last,) = gatelens.query("SELECT toUnixTimestamp64Micro(max(stored_at)) AS stored_at FROM books")
    elapsed = int(last["stored_at"]) / 1e6 - started
    # Merges that the inserts made necessary belong to their cost.
    time.sleep(_SETTLING_SECONDS)
    cpu = gatelens.cpu_seconds() - cpu
    if (stored := _stored(gatelens, sender)) != events:
        raise RuntimeError(f"{stored} events were stored of {events}.")
    return {
        "events_per_second": round(events / elapsed),
        "events_per_cpu_second": round(events / cpu),
        "cpu_seconds": round(cpu, 2),
        **spent_by_role(threads, gatelens.cpu_seconds_by_thread(), cpu),
    }


def _stored(gatelens: RunningGatelens, sender: Sender) -> int:
    return int(gatelens.query(sender.stored)[0]["stored"])


def _size(gatelens: RunningGatelens) -> dict[str, float]:
    sql = """
        SELECT
            sumIf(bytes_on_disk, table = 'requests') / sumIf(rows, table = 'requests') AS bytes_per_event,
            sum(bytes_on_disk) / sumIf(rows, table = 'requests') AS bytes_per_event_with_rollups
        FROM system.parts WHERE active AND database != 'system'"""
    return {name: round(value, 1) for name, value in gatelens.query(sql)[0].items()}


def _lag(gatelens: RunningGatelens, sender: Sender, rate: float, seconds: float) -> dict[str, Any]:
    """From a message's receipt to the first look that finds its rows in the roll-up; looks are 50 ms apart."""
    before = _stored(gatelens, sender)
    interval = sender.events_in_a_message / rate
    waiting: list[tuple[int, float]] = []
    lags: list[float] = []
    started, sent, looked = time.monotonic(), 0, 0.0
    messages = sender.messages()
    look: Future[tuple[int, float]] | None = None
    # Looks are taken beside the sender, so that neither waits for the other.
    with ThreadPoolExecutor(1) as looks:
        while (sending := time.monotonic() - started < seconds) or waiting:
            now = time.monotonic()
            if look is not None and look.done():
                stored, seen = look.result()
                lags += [seen - since for due, since in waiting if due <= stored]
                waiting = [(due, since) for due, since in waiting if due > stored]
                look = None
            if look is None and now - looked >= _POLL_SECONDS:
                looked = now
                look = looks.submit(lambda: (_stored(gatelens, sender), time.monotonic()))
            elif sending and now >= started + sent * interval:
                message = next(messages, None)
                if message is None:
                    messages = sender.messages()
                    continue
                sender.send(message)
                sent += 1
                waiting.append((before + sent * sender.events_in_a_message, time.monotonic()))
            else:
                time.sleep(0.001)
            if now - started > seconds + _PATIENCE_SECONDS:
                raise RuntimeError(f"{len(waiting)} messages were never seen.")
    cuts = quantiles(lags, n=100)
    return {
        "lag_events_per_second": round(sent * sender.events_in_a_message / seconds),
        "lag_p50_seconds": round(cuts[49], 3),
        "lag_p99_seconds": round(cuts[98], 3),
    }
