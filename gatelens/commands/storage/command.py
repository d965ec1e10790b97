"""What `gatelens storage` and `gatelens rollup` do: through the running process, or by opening the data directory."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.metrics import NoOpMeter
from rich import box
from rich.console import Console
from rich.table import Table

from dashboards.api.storage import report_document
from gatelens.commands.whole_table import print_whole
from gatelens.data_directory.directory import Addresses, running_process
from gatelens.data_directory.local_access import ask_process
from gatelens.data_directory.own_store import own_store
from processors.rollups.filler import RollupFiller
from processors.storage_use.report import storage_report
from processors.time.expression import parse_window
from storage.errors import GatelensError

_SECONDS = 60
_POLL_SECONDS = 1.0

out = Console()
err = Console(stderr=True)


def read_report(data: Path) -> bytes:
    """The storage report as JSON. Raises GatelensError."""
    process = running_process(data)
    if process is not None:
        return json.dumps(_asked(data, process, "GET", "/api/v1/storage"), indent=2).encode()
    with own_store(data) as store:
        return json.dumps(report_document(storage_report(store, _now())), indent=2).encode()


def print_report(content: bytes) -> None:
    """Print it for people: sizes as they are read, and days."""
    report = json.loads(content)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("table", "rows", "size", "B/row", "ratio", "parts", "oldest", "newest"):
        is_text = heading in ("table", "oldest", "newest")
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    for each in report["tables"]:
        table.add_row(
            each["name"],
            f"{each['rows']:,}",
            _size(each["bytes"]),
            f"{each['bytes_per_row']:.1f}",
            f"{each['compression']:.1f}",
            f"{each['parts']:,}",
            *((each[name] or "")[:10] for name in ("oldest", "newest")),
        )
    print_whole(out, table)
    for line in _summary(report):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def run_rebuild(start: str, end: str, tables: list[str], data: Path) -> None:
    """Rebuild rollups, and return when they are done. Raises GatelensError."""
    process = running_process(data)
    if process is None:
        with own_store(data) as store:
            filler = RollupFiller(store, _now, NoOpMeter("gatelens"), settling_seconds=0)
            _print_windows(filler.rebuild(parse_window(start, end, _now()), tables))
            filler.make_wanted()
    else:
        _rebuild_there(start, end, tables, data, process)
    out.print("Done.")


def _rebuild_there(start: str, end: str, tables: list[str], data: Path, process: Addresses) -> None:
    body = {"from": start, "to": end, "tables": tables}
    _print_windows(_asked(data, process, "POST", "/api/v1/rollups/rebuild", body)["windows"])
    with err.status("Making them anew ..."):
        while (state := _asked(data, process, "GET", "/api/v1/rollups"))["wanted"]:
            if state["fault"]:
                raise GatelensError(f"Rollups cannot be made: {state['fault']}")
            time.sleep(_POLL_SECONDS)


def _print_windows(windows: Mapping[str, int]) -> None:
    for name, count in windows.items():
        unit = "days" if name.endswith("_1d") else "hours"
        err.print(f"{name}: {count:,} {unit}", highlight=False)


def _asked(
    data: Path, process: Addresses, method: str, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the running process answers, as JSON. Raises GatelensError."""
    found: dict[str, Any] = ask_process(data, process, method, path, _SECONDS, body=body).json()
    return found


def _summary(report: Mapping[str, Any]) -> list[str]:
    each = report["bytes_per_request"]
    left = report["days_left"]
    lines = [
        f"{_size(report['bytes'])} in all" + (f"; {each:.1f} bytes a request, rollups included" if each else ""),
        f"{_size(report['free_bytes'])} free"
        + (f", enough for {left:,.0f} days at {_size(report['bytes_per_day'])} a day" if left is not None else ""),
    ]
    if waiting := sum(report["rollups_waiting"].values()):
        lines.append(f"{waiting:,} hours and days of rollups are still to be filled")
    return lines


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def _now() -> datetime:
    return datetime.now(UTC)
