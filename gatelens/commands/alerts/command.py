"""What `gatelens alerts` does: check a rule file, test it over the past, and see or make silences."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import typer
import yaml

from gatelens.commands.alerts.backtest import BacktestOutcome, test_rules
from gatelens.data_directory.directory import running_process
from gatelens.data_directory.local_access import ask_process
from processors.alerts.routing.matchers import parse_matchers
from processors.alerts.rule_file import load_rules, parse_rules
from processors.time.durations import parse_duration, show_duration
from storage.errors import GatelensError
from storage.untrusted_text import for_terminal

_SECONDS = 30


def print_check(file: Path) -> bool:
    """Whether a rule file has no mistake; each is told with its line. Raises GatelensError where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        load_rules(file)
        raise
    found, faults = parse_rules(text)
    for fault in faults:
        typer.echo(for_terminal(f"{file}:{fault.line}: {fault.message}"), err=True)
    if found is None:
        return False
    typer.echo(f"{file}: {len(found.rules)} rules, {len(found.receivers)} receivers")
    return True


def print_backtest(
    file: Path, start: str, end: str, noise: str, data: Path, *, as_json: bool
) -> tuple[BacktestOutcome, int]:
    """What the rules would have sent, which is printed, and how many of its pages are noise."""
    load_rules(file)
    rules = yaml.safe_load(file.read_text(encoding="utf-8")).get("rules") or []
    outcome = test_rules(rules, start, end, data)
    short = [page for page in outcome.pages if page["resolved"] and page["seconds"] < _seconds(noise)]
    if as_json:
        typer.echo(
            json.dumps(
                {"pages": outcome.pages, "noise": len(short), "faults": outcome.faults, "skipped": outcome.skipped}
            )
        )
    else:
        _print(outcome, len(short), noise)
    return outcome, len(short)


def print_silences(data: Path, *, as_json: bool) -> None:
    """The silences, a line each."""
    found = _ask(data, "GET", "/api/v1/silences").json()["silences"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for one in found:
        ends = f"until {_minute(one['endsAt'])}" if one["endsAt"] else "recurring"
        matchers = " ".join(f"{part['name']}{_sign(part)}{part['value']!r}" for part in one["matchers"])
        line = f"{one['id']}  {one['status']['state']:8}  {ends}  {matchers}  {one['createdBy']}: {one['comment']}"
        typer.echo(for_terminal(line))


def add_silence(matchers: Sequence[str], comment: str, lasts: str, author: str, data: Path) -> str:
    """Make a silence, and return its id. Raises GatelensError."""
    try:
        parsed = parse_matchers(matchers)
        parse_duration(lasts)
    except ValueError as error:
        raise GatelensError(f"{error}.") from None
    body = {
        "matchers": [
            {"name": one.name, "value": one.value, "isRegex": "~" in one.operator, "isEqual": "!" not in one.operator}
            for one in parsed
        ],
        "duration": lasts,
        "comment": comment,
        "createdBy": author,
    }
    return str(_ask(data, "POST", "/api/v1/silences", body).json()["id"])


def end_silence(identity: str, data: Path) -> None:
    _ask(data, "DELETE", f"/api/v1/silences/{identity}")


def _ask(data: Path, method: str, path: str, body: object = None) -> httpx.Response:
    process = running_process(data)
    if process is None:
        raise GatelensError(
            f"No Gatelens runs on {data}; start it with `gatelens up`, or name its directory by --data."
        )
    return ask_process(data, process, method, path, _SECONDS, body=body)


def _print(outcome: BacktestOutcome, short: int, noise: str) -> None:
    for page in outcome.pages:
        labels = " ".join(f"{name}={value}" for name, value in sorted(page["labels"].items()) if name != "alertname")
        lasts = show_duration(timedelta(seconds=page["seconds"])) + ("" if page["resolved"] else ", firing")
        line = f"{_minute(page['fired'])}  {lasts:>16}  {page['rule']}  {page['worst']:.4g}  {labels}"
        typer.echo(for_terminal(line))
    for rule, fault in outcome.faults.items():
        typer.echo(for_terminal(f"{rule} could not be evaluated: {fault}"), err=True)
    for rule in outcome.skipped:
        typer.echo(for_terminal(f"{rule} only looks at the present, and was left out"), err=True)
    typer.echo(f"{len(outcome.pages)} pages, {short} of them noise: resolved by themselves within {noise}")


def _minute(time: str) -> str:
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M}"


def _seconds(duration: str) -> float:
    try:
        return parse_duration(duration).total_seconds()
    except ValueError as error:
        raise GatelensError(f"--noise: {error}.") from None


def _sign(part: dict[str, Any]) -> str:
    return ("=" if part["isEqual"] else "!") + ("~" if part["isRegex"] else "" if part["isEqual"] else "=")
