"""`make bench ARGS='--only queries'`: questions about generated traffic of a week, as JSON on standard output."""

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.queries.pages import page_figures
from tests.bench.queries.single import single_figures, sizes
from tests.bench.queries.traffic import NOW, Traffic, filled_store

# The running hour is not rolled up.
_LOOK = NOW - timedelta(minutes=25)


def measure(directory: Path, traffic: Traffic, rounds: int, pages: Sequence[str] = ()) -> dict[str, Any]:
    """Fill the store where it is empty, and ask all."""
    with filled_store(directory, traffic) as (store, took):
        return {
            "requests": traffic.requests,
            "hours": traffic.hours,
            "busy_hours": traffic.busy_hours,
            "filling": took,
            "sizes": sizes(store),
            "load_before": os.getloadavg()[0],
            "single": [] if pages else single_figures(store, _LOOK, rounds),
            "pages": page_figures(store, _LOOK, rounds, pages),
            "load_after": os.getloadavg()[0],
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.queries", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000_000)
    parser.add_argument("--hours", type=int, default=168)
    parser.add_argument("--busy-hours", type=int, help="the last ones; those before have a tenth of the traffic")
    parser.add_argument("--rounds", type=int, default=5, help="of each; a further one comes before and is not counted")
    parser.add_argument("--store", type=Path, help="a directory to keep the store in for the next run")
    parser.add_argument("--pages", default="", help="some paths, e.g. /,/apis; nothing else is measured then")
    chosen = parser.parse_args(arguments)
    pages = [path for path in chosen.pages.split(",") if path]
    with tempfile.TemporaryDirectory(prefix="gatelens-bench-") as name:
        found = measure(
            chosen.store or Path(name) / "store",
            Traffic(chosen.requests, chosen.hours, chosen.busy_hours),
            chosen.rounds,
            pages,
        )
    print(json.dumps(found, indent=2))  # noqa: T201 - its output


if __name__ == "__main__":
    main()
