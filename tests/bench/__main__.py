"""`make bench`: the whole path, from a client's bytes to a rolled-up row, as JSON on standard output."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatelens.data_directory.directory import Addresses
from tests.bench.forward_sender import ForwardSender
from tests.bench.goaccess import goaccess
from tests.bench.grpc_senders import AlsSender, OtlpSender
from tests.bench.http_senders import (
    CaptureSender,
    DeclaredSender,
    ImportSender,
    LinesSender,
    OtlpHttpSender,
    RemoteWriteSender,
)
from tests.bench.messages import captured_forward_entries, captured_otlp_messages
from tests.bench.pages import measure_pages
from tests.bench.peers.comparison import compare_with_peers
from tests.bench.queries.__main__ import main as measure_queries
from tests.bench.scenario import run
from tests.bench.sender import Sender
from tests.bench.yardstick import yardsticks

_LINES_IN_A_POST = 2000
# Asks instead of sending, and has options of its own.
_QUERIES = "queries"
# No ways in, and only where they are asked for.
_PAGES = "pages"
_PEERS = "peers"

MakeSender = Callable[[Addresses], Sender]


def _ways(directory: Path) -> dict[str, tuple[bool, MakeSender]]:
    """By name, whether it sends a log file, and how."""
    return {
        "json_import": (True, lambda addresses: ImportSender(addresses, directory, "envoy_json")),
        "json_posts": (True, lambda addresses: LinesSender(addresses, directory, "envoy_json", _LINES_IN_A_POST)),
        "capture_import": (True, lambda addresses: CaptureSender(addresses, directory)),
        "text_import": (True, lambda addresses: ImportSender(addresses, directory, "combined")),
        "custom_import": (True, lambda addresses: DeclaredSender(addresses, directory, directory / "custom_import")),
        "forward": (False, ForwardSender),
        "capture_forward": (False, lambda addresses: ForwardSender(addresses, captured_forward_entries)),
        "otlp_logs_grpc": (False, OtlpSender),
        "capture_otlp_grpc": (False, lambda addresses: OtlpSender(addresses, captured_otlp_messages)),
        "otlp_logs_http": (False, OtlpHttpSender),
        "als": (False, AlsSender),
        "remote_write": (False, RemoteWriteSender),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gatelens-bench-") as name:
        directory = Path(name)
        ways = _ways(directory)
        parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
        parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the log files")
        parser.add_argument("--events", type=int, default=1_000_000, help="events through each of the other ways")
        parser.add_argument("--seconds", type=float, default=20, help="how long lag is measured; 0: not at all")
        parser.add_argument("--requests", type=int, default=10_000_000, help="requests that pages are about")
        names = ",".join([*ways, _PAGES, _PEERS])
        parser.add_argument("--only", default=",".join(ways), help=f"some of {names}, or {_QUERIES} alone")
        options, rest = parser.parse_known_args()
        if options.only == _QUERIES:
            measure_queries([argument for argument in sys.argv[1:] if argument not in ("--only", _QUERIES)])
            return
        if rest:
            parser.error(f"unknown: {' '.join(rest)}")
        results: list[dict[str, Any]] = []
        for way in options.only.split(","):
            if way == _PAGES:
                results.append(measure_pages(directory, options.requests))
                continue
            if way == _PEERS:
                results.append(compare_with_peers(directory / way, options.events))
                continue
            is_file, make_sender = ways[way]
            events = options.lines if is_file else options.events
            print(f"Measuring {way} with {events:,} events ...", file=sys.stderr)
            figures = run(way, make_sender, events, options.seconds, directory / way)
            if way == "text_import":
                log = directory / "combined.log"
                figures["goaccess"] = goaccess(log, events, figures["cpu_seconds"])
            results.append(figures)
        speed = {} if options.only in (_PAGES, _PEERS) else yardsticks(directory)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **speed,
    }
    print(json.dumps({"machine": machine, "results": results}, indent=2))


if __name__ == "__main__":
    main()
