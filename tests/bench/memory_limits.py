"""`python -m tests.bench.memory_limits`: full load in containers of some sizes, killed and restarted; prints JSON.

Without a size the process has no limit but its own, and what it takes is shown. It needs root and control groups.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from pydantic import ByteSize, TypeAdapter

from tests.control_group import ControlGroup, control_group
from tests.hardening.memory.memory_load import MemoryLoad, unbalanced_segments, wrong_batches
from tests.running import RunningGatelens

_DRAIN_SECONDS = 600


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory_limits", description=__doc__)
    parser.add_argument("--limit", action="append", default=[], help="of a container, e.g. 1GiB; may be repeated")
    parser.add_argument("--seconds", type=float, default=20, help="of load before each end")
    parser.add_argument("--kills", type=int, default=3, help="how often the process is killed and started again")
    parser.add_argument("--no-bombs", action="store_true", help="only what clients mean well with")
    options = parser.parse_args()
    results = []
    for size in options.limit or [""]:
        with ExitStack() as cleanup:
            limit = TypeAdapter(ByteSize).validate_python(size) if size else 0
            group = cleanup.enter_context(control_group(limit)) if limit else None
            data = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="gatelens-memory-")))
            results.append({"limit": size, **_run(data, group, options)})
    sys.stdout.write(f"{json.dumps(results, indent=2)}\n")


def _run(data: Path, group: ControlGroup | None, options: argparse.Namespace) -> dict[str, Any]:
    acknowledged: dict[str, int] = {}
    peaks, idle, bombs, refused, queries, ready, deaths = [], [], 0, 0, 0, [], 0
    for number in range(options.kills):
        with RunningGatelens(data, group=group) as gatelens:
            ready.append(round(gatelens.ready_seconds, 1))
            time.sleep(1)
            idle.append(gatelens.memory("VmRSS") // 1_000_000)
            load = MemoryLoad(gatelens.addresses, number, bombs=not options.no_bombs)
            load.start()
            deadline = time.monotonic() + options.seconds
            while time.monotonic() < deadline and not gatelens.has_ended():
                time.sleep(0.1)
            if gatelens.has_ended():
                deaths += 1
            else:
                peaks.append(gatelens.memory("VmHWM") // 1_000_000)
                gatelens.kill()
            load.stop()
        acknowledged |= load.acknowledged
        bombs, refused, queries = bombs + load.bombs, refused + load.refused, queries + load.queries
    started = time.monotonic()
    with RunningGatelens(data, group=group) as gatelens:
        ready.append(round(gatelens.ready_seconds, 1))
        is_drained = _is_drained(gatelens)
        drained = round(time.monotonic() - started, 1)
        peaks.append(gatelens.memory("VmHWM") // 1_000_000)
        return {
            "ready_seconds": ready,
            "idle_memory_mb": idle,
            "peak_memory_mb": peaks,
            "ended_by_itself": deaths,
            "killed_by_the_kernel": group.kills() if group else 0,
            "acknowledged_batches": len(acknowledged),
            "acknowledged_events": sum(acknowledged.values()),
            "acknowledged_bombs": bombs,
            "refused": refused,
            "queries": queries,
            "is_drained": is_drained,
            "drained_after_seconds": drained,
            "wrong_batches": wrong_batches(gatelens, acknowledged),
            "unbalanced_segments": unbalanced_segments(gatelens),
            "quarantined": len(list((data / "quarantine").glob("*"))) if (data / "quarantine").exists() else 0,
        }


def _is_drained(gatelens: RunningGatelens) -> bool:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < deadline and not gatelens.has_ended():
        metrics = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=60).text
        if re.search(r"^gatelens_spool_size_bytes\{.*\} 0\.0$", metrics, re.MULTILINE):
            return True
        time.sleep(0.5)
    return False


if __name__ == "__main__":
    main()
