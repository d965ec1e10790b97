"""What `gatelens import` prints: what became of each file."""

import json
from pathlib import Path

import typer
from rich.console import Console

from gatelens.commands.error_line import print_error
from gatelens.commands.import_logs.job import Import, name_of, progress_on, run_import
from gatelens.commands.import_logs.outcome import Imported
from gatelens.data_directory.directory import DataDirectory, running_process
from storage.errors import GatelensError
from storage.untrusted_text import for_terminal

# What shells take for the end by Ctrl-C.
_INTERRUPTED = 130


def print_import(job: Import, data: Path, *, as_json: bool) -> bool:
    """Store files and print what became of them; whether all could be read. Raises GatelensError."""
    err = Console(stderr=True)
    if running_process(data) is None and not DataDirectory(data).clickhouse.exists():
        err.print(
            f"{data} is a new data directory; --data names that of `gatelens up`.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    try:
        with progress_on(err) as progress:
            outcomes = run_import(job, data, progress)
    except KeyboardInterrupt:
        print_error(GatelensError("Interrupted. What was handed over is stored; the same import again adds the rest."))
        raise typer.Exit(_INTERRUPTED) from None
    for path, outcome in zip(job.files, outcomes, strict=True):
        _print_outcome(name_of(path), outcome, as_json=as_json)
    return not any(isinstance(outcome, GatelensError) for outcome in outcomes)


def _print_outcome(name: str, outcome: Imported | GatelensError, *, as_json: bool) -> None:
    if as_json:
        document = {"error": str(outcome)} if isinstance(outcome, GatelensError) else outcome.as_json()
        typer.echo(json.dumps({"file": name} | document))
    elif isinstance(outcome, GatelensError):
        print_error(outcome)
    else:
        out = Console()
        for line in (f"{name}: {outcome}", *outcome.notes):
            out.print(for_terminal(line), highlight=False, soft_wrap=True, markup=False)
