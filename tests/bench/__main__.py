"""`make bench`: the whole path, from a client's bytes to a rolled-up row, as JSON on standard output."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from gatelens.data_directory import Addresses
from tests.bench.scenario import Sender, run
from tests.bench.senders import AlsSender, FileSender, OtlpSender


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the envoy_json file")
    parser.add_argument("--events", type=int, default=500_000, help="events through each of ALS and OTLP")
    parser.add_argument("--seconds", type=float, default=20, help="how long lag is measured")
    parser.add_argument("--only", default="", help="one of envoy_json, envoy_als, otlp_logs")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="gatelens-bench-") as directory:
        scenarios: tuple[tuple[str, int, Callable[[Addresses], Sender]], ...] = (
            ("envoy_json", options.lines, lambda addresses: FileSender(addresses, Path(directory))),
            ("envoy_als", options.events, AlsSender),
            ("otlp_logs", options.events, OtlpSender),
        )
        for name, events, make_sender in scenarios:
            if options.only in ("", name):
                print(f"Measuring {name} with {events:,} events ...", file=sys.stderr)
                results.append(run(make_sender, events, options.seconds, Path(directory) / name))
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    print(json.dumps({"machine": machine, "results": results}, indent=2))


if __name__ == "__main__":
    main()
