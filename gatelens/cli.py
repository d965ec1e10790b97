"""The `gatelens` command."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from gatelens import __version__
from gatelens.access_commands import admin_app, token_app
from gatelens.config import Config, load_config
from gatelens.data_directory import Addresses, DataDirectory, running_process
from gatelens.descriptors import raise_descriptor_limit
from gatelens.formats_command import formats_app
from gatelens.listener_access import check_demo
from gatelens.private_directory import private_files
from storage.errors import GatelensError
from storage.untrusted_text import for_terminal

if TYPE_CHECKING:
    from gatelens.supervisor import Gatelens

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Observability and usage analytics for API gateways and service-mesh sidecars, on ClickHouse.",
    epilog="Start with [bold]gatelens demo[/], or [bold]gatelens up[/] and point a gateway at it: docs/sources.md.",
)
report_app = typer.Typer(no_args_is_help=True, help="Write a report to a file.")
app.add_typer(report_app, name="report")
app.add_typer(formats_app, name="formats")
app.add_typer(admin_app, name="admin")
app.add_typer(token_app, name="token")

out = Console()
err = Console(stderr=True)

Data = Annotated[
    Path,
    typer.Option("--data", envvar="GATELENS_DATA", help="The directory that holds everything.", show_default=True),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GATELENS_CONFIG", help="A YAML file; docs/configuration.md."),
]
DEFAULT_DATA = Path("data")
# What shells take for the end by Ctrl-C.
_INTERRUPTED = 130


def _print_version(is_asked: bool) -> None:
    if is_asked:
        out.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """What may stand before a command."""


class OutputFormat(StrEnum):
    """What `gatelens query` prints."""

    table = "table"
    csv = "csv"
    csv_raw = "csv_raw"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"


def main() -> None:
    """Run the command; an error of ours is one line and exit code 1."""
    try:
        app()
    except GatelensError as error:
        _print_error(error)
        sys.exit(1)
    except UnicodeEncodeError:
        _print_error(GatelensError("An argument holds bytes that are no UTF-8 text; write it in UTF-8."))
        sys.exit(1)


def _print_error(error: GatelensError) -> None:
    err.print(f"[bold red]Error:[/] {escape(for_terminal(str(error)))}", highlight=False, soft_wrap=True)


@app.command()
def up(data: Data = DEFAULT_DATA, config: ConfigFile = None) -> None:
    """Run Gatelens: receivers, ClickHouse, pages and alerts in one process, until it is stopped."""
    with running(load_config(config), data) as (gatelens, addresses, stop):
        _announce(addresses, data, gatelens.sign_in_notice)
        stop.wait()


@app.command()
def demo(
    data: Data = Path("demo-data"),
    config: ConfigFile = None,
    history: Annotated[
        str, typer.Option(help="Also fill in so much past, e.g. 90m, 24h or 7d, as environment demo-history.")
    ] = "",
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Requests a second, on average over a day.")] = 20.0,
) -> None:
    """Run Gatelens with a real Envoy gateway, a pair of mesh sidecars, and traffic through them."""
    from gatelens.block_sinks import HttpSink  # noqa: PLC0415
    from gatelens.demo.history import parse_length  # noqa: PLC0415 - the demo's parts are optional
    from gatelens.demo.session import DemoSession  # noqa: PLC0415
    from gatelens.local_access import local_client  # noqa: PLC0415

    settings = load_config(config)
    check_demo(settings)
    past = parse_length(history) if history else None
    session = DemoSession(data / "gateways", rate)
    with (
        running(settings, data) as (gatelens, addresses, stop),
        session.sending_to(gatelens, addresses),
    ):
        _announce(addresses, data, gatelens.sign_in_notice)
        for line in session.describe():
            out.print(line, highlight=False, soft_wrap=True)
        if past is not None:
            session.backfill(past, HttpSink(addresses, local_client(data, addresses, HttpSink.SECONDS)), err, stop)
        stop.wait()


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT, WITH, EXPLAIN, SHOW or DESCRIBE; docs/sql.md.")],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="What to print.")] = OutputFormat.table,
    data: Data = DEFAULT_DATA,
) -> None:
    """Run a read-only query and print its result."""
    from gatelens.commands import run_query  # noqa: PLC0415 - keeps --help quick

    sys.stdout.buffer.write(run_query(sql, output_format.value, data))


@app.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="Logs, plain or packed by gzip, zstd, bzip2 or xz; - reads what is piped in.")
    ],
    format_name: Annotated[
        str,
        typer.Option("--format", help="Such as combined or mule_log; found by the first lines where not given."),
    ] = "",
    log_format: Annotated[
        str,
        typer.Option(
            "--log-format",
            help="How the files are written, e.g. nginx='$remote_addr [$time_local] ...'; docs/formats.md.",
        ),
    ] = "",
    environment: Annotated[str, typer.Option(help="The environment of what names none.")] = "",
    gateway: Annotated[str, typer.Option(help="The gateway that wrote the files, where they do not say.")] = "",
    instance: Annotated[str, typer.Option(help="Which instance of it, such as a host, where they do not say.")] = "",
    config: ConfigFile = None,
    again: Annotated[bool, typer.Option("--again", help="Store it even if it is stored already.")] = False,
    keep_time: Annotated[
        bool, typer.Option("--keep-time", help="File what is older than the retention under its own time.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what became of each file as a line of JSON.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Store log files; what is stored already is skipped."""
    from gatelens.import_command import Import, name_of, run_import  # noqa: PLC0415 - keeps --help quick
    from gatelens.log_format import log_format_of  # noqa: PLC0415 - keeps --help quick

    if running_process(data) is None and not DataDirectory(data).clickhouse.exists():
        err.print(
            f"{data} is a new data directory; --data names that of `gatelens up`.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    definition = log_format_of(log_format) if log_format else None
    job = Import(files, format_name, environment, gateway, instance, again, keep_time, definition, config)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    try:
        with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
            outcomes = run_import(job, data, progress)
    except KeyboardInterrupt:
        _print_error(GatelensError("Interrupted. What was handed over is stored; the same import again adds the rest."))
        raise typer.Exit(_INTERRUPTED) from None
    for path, outcome in zip(files, outcomes, strict=True):
        name = name_of(path)
        if as_json:
            told = {"error": str(outcome)} if isinstance(outcome, GatelensError) else outcome.as_json()
            typer.echo(json.dumps({"file": name} | told))
        elif isinstance(outcome, GatelensError):
            _print_error(outcome)
        else:
            for line in (f"{name}: {outcome}", *outcome.notes):
                out.print(for_terminal(line), highlight=False, soft_wrap=True, markup=False)
    if any(isinstance(outcome, GatelensError) for outcome in outcomes):
        raise typer.Exit(1)


@report_app.command()
def usage(
    *,
    start: Annotated[
        str, typer.Option("--from", help="2026-05, 2026-05-01, now-7d, this-month, last-month, ... in UTC.")
    ] = "this-month",
    end: Annotated[
        str,
        typer.Option("--to", help="Just after the end, e.g. 2026-06-01; now, or the end of a named month."),
    ] = "",
    by: Annotated[str, typer.Option(help="What to group by, e.g. api,consumer,month; docs/reports.md.")] = "api",
    format_name: Annotated[
        str, typer.Option("--format", help="csv, xlsx or json; by the file's ending where not given.")
    ] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - prints.")] = Path("-"),
    environment: Annotated[str, typer.Option(help="Only this environment.")] = "",
    gateway: Annotated[str, typer.Option(help="Only this gateway.")] = "",
    api: Annotated[str, typer.Option(help="Only this API.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Write who used which API how much; docs/reports.md."""
    from gatelens.report_command import (  # noqa: PLC0415 - keeps --help quick
        UsageQuestion,
        format_of,
        run_usage,
        write,
    )

    chosen = format_of(format_name, output)
    report = run_usage(UsageQuestion(start, end, by, chosen, environment, gateway, api), data)
    write(report.content, output)
    err.print(f"{report.rows:,} rows, {report.requests:,} requests", highlight=False)


@app.command()
def migrate(data: Data = DEFAULT_DATA, config: ConfigFile = None) -> None:
    """Bring the schema of ClickHouse up to date; `gatelens up` does it too."""
    from gatelens.commands import run_migrations  # noqa: PLC0415 - keeps --help quick

    applied = run_migrations(load_config(config), data)
    out.print(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__, highlight=False)


@contextmanager
def running(config: Config, data: Path) -> "Iterator[tuple[Gatelens, Addresses, threading.Event]]":
    """A started Gatelens, its addresses, and an event that is set when the user asks it to stop."""
    from gatelens.supervisor import Gatelens  # noqa: PLC0415 - keeps --help quick
    from gatelens.telemetry import log_to_stderr  # noqa: PLC0415

    log_to_stderr()
    raise_descriptor_limit()
    gatelens = Gatelens(config, data)
    with private_files(), _stop_requests() as stop:
        addresses = gatelens.start()
        try:
            yield gatelens, addresses, stop
        finally:
            gatelens.stop()


def _announce(addresses: Addresses, data: Path, sign_in: str) -> None:
    out.print(f"[bold]Gatelens {__version__}[/] is ready; data in {data}", highlight=False)
    out.print(f"  pages       {addresses.web}", highlight=False)
    out.print(f"  gRPC        {addresses.grpc} (OTLP, ALS)", highlight=False)
    if addresses.forward:
        out.print(f"  Forward     {addresses.forward} (Fluent Bit, Fluentd)", highlight=False)
    out.print(f"  HTTP        {addresses.http} (OTLP, /ingest, HEC, remote write)", highlight=False)
    if sign_in:
        out.print(f"  sign-in     {sign_in}", highlight=False, soft_wrap=True, markup=False)
    out.print("Stop with Ctrl+C.")


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """SIGTERM and Ctrl+C ask for an orderly stop instead of ending the process."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
