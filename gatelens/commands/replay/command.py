"""What `gatelens replay` does: it has the running process read dead letters again, and waits for it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from dashboards.api.ingest import REPLAY_PATH
from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import ask_process
from storage.errors import GatelensError

_POLL_SECONDS = 0.5
_ANSWER_SECONDS = 60

err = Console(stderr=True)


def run_replay(body: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """The outcome as `GET /api/v1/ingest/replay` reports it. Raises GatelensError."""
    process = running_process(data)
    if process is None:
        raise GatelensError(
            f"No Gatelens is running on {data}, and only a running one reads dead letters again; start it "
            "with `gatelens up`."
        )
    state: dict[str, Any] = ask_process(data, process, "POST", REPLAY_PATH, _ANSWER_SECONDS, body=body).json()
    with err.status("Reading dead letters again ..."):
        while state["running"]:
            time.sleep(_POLL_SECONDS)
            state = ask_process(data, process, "GET", REPLAY_PATH, _ANSWER_SECONDS).json()
    return state


def print_outcome(state: Mapping[str, Any], *, as_json: bool) -> None:
    """Print it for people or programs; raises GatelensError where it broke off."""
    if as_json:
        typer.echo(json.dumps(state, indent=2))
    else:
        for line in _lines(state):
            typer.echo(line)
    if state["fault"]:
        raise GatelensError(str(state["fault"]))


def _lines(state: Mapping[str, Any]) -> list[str]:
    understood = sum(state["understood"].values())
    becomes = "could be parsed" if state["dry_run"] else "parsed and stored"
    lines = [f"{state['read']:,} dead letters read: {understood:,} {becomes}, {state['read'] - understood:,} stay"]
    lines += [f"  {one['records']:,} × {one['reason']} (as {one['format']})" for one in state["left"]]
    lines += [
        f"{count:,} of {name} were not read: what is kept of them is no record as it came; name a format with --as"
        for name, count in state["skipped"].items()
    ]
    return lines
