"""The `gatelens` command."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gatelens import __version__
from gatelens.commands.access.options import admin_app, token_app
from gatelens.commands.alerts.options import alerts_app
from gatelens.commands.analysis import options as analysis
from gatelens.commands.ask.options import ask
from gatelens.commands.data_option import DEFAULT_DATA, Data
from gatelens.commands.formats.options import formats_app
from gatelens.commands.names.options import names_app
from gatelens.commands.replay.options import replay
from gatelens.commands.report.options import report_app
from gatelens.commands.storage import options as storage
from gatelens.data_directory.directory import Addresses, DataDirectory, running_process
from gatelens.machine.start_collection import start_uncollected
from storage.errors import GatelensError
from storage.untrusted_text import for_terminal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Observability and usage analytics for API gateways and service-mesh sidecars, on ClickHouse.",
    epilog="Start with [bold]gatelens demo[/], or [bold]gatelens up[/] and point a gateway at it: docs/sources.md.",
)
app.command()(ask)
app.add_typer(report_app, name="report")
app.add_typer(alerts_app, name="alerts")
app.add_typer(formats_app, name="formats")
app.add_typer(names_app, name="names")
app.add_typer(admin_app, name="admin")
app.add_typer(token_app, name="token")
storage.add_to(app)
app.command()(replay)
analysis.add_to(app)

out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GATELENS_CONFIG", help="A YAML file; docs/configuration.md."),
]
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
    with start_uncollected():
        from gatelens.configuration.config import load_config  # noqa: PLC0415 - keeps --help quick
        from gatelens.process.foreground import running  # noqa: PLC0415

    with running(load_config(config), data, config) as (gatelens, addresses, stop):
        _announce(addresses, data, gatelens.sign_in_notice)
        stop.wait()


@app.command()
def demo(
    data: Data = Path("demo-data"),
    config: ConfigFile = None,
    history: Annotated[
        str, typer.Option(help="Also backfill this much of the past, e.g. 90m, 24h or 7d, in environment demo-history.")
    ] = "",
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Requests a second, on average over a day.")] = 20.0,
) -> None:
    """Run Gatelens with gateways of three kinds, a mesh, and traffic through them."""
    with start_uncollected():
        from gatelens.access.listener_access import check_demo  # noqa: PLC0415
        from gatelens.configuration.config import load_config  # noqa: PLC0415 - keeps --help quick
        from gatelens.demo.session import DemoSession  # noqa: PLC0415 - its parts are optional
        from gatelens.process.foreground import running  # noqa: PLC0415

    settings = load_config(config)
    check_demo(settings)
    session = DemoSession(data, rate, history)
    with (
        session.configured(settings) as configured,
        running(configured, data, config) as (gatelens, addresses, stop),
        session.sending_to(gatelens, addresses),
    ):
        _announce(addresses, data, gatelens.sign_in_notice)
        for line in session.describe():
            out.print(line, highlight=False, soft_wrap=True)
        session.furnish(addresses, err)
        session.backfill(addresses, err, gatelens.under_way, stop)
        stop.wait()


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT, WITH, EXPLAIN, SHOW or DESCRIBE; docs/sql.md.")],
    output_format: Annotated[OutputFormat, typer.Option("--format", help="What to print.")] = OutputFormat.table,
    data: Data = DEFAULT_DATA,
) -> None:
    """Run a read-only query and print its result."""
    from gatelens.commands.query.command import run_query  # noqa: PLC0415 - keeps --help quick

    sys.stdout.buffer.write(run_query(sql, output_format.value, data))


@app.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="Logs, plain or packed by gzip, zstd, bzip2 or xz; - reads what is piped in.")
    ],
    format_name: Annotated[
        str,
        typer.Option("--format", help="Such as combined or mule_log; detected from the first lines if not given."),
    ] = "",
    log_format: Annotated[
        str,
        typer.Option(
            "--log-format",
            help="How the files are written, e.g. nginx='$remote_addr [$time_local] ...'; docs/formats.md.",
        ),
    ] = "",
    environment: Annotated[str, typer.Option(help="The environment of records that name none.")] = "",
    gateway: Annotated[str, typer.Option(help="The gateway that wrote the files, if they do not say.")] = "",
    instance: Annotated[str, typer.Option(help="Which instance of it, such as a host, if they do not say.")] = "",
    config: ConfigFile = None,
    again: Annotated[bool, typer.Option("--again", help="Store it even if it is stored already.")] = False,
    keep_time: Annotated[
        bool, typer.Option("--keep-time", help="Store events older than the retention under their own time.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what became of each file as a line of JSON.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Store log files; what has been stored already is skipped."""
    from gatelens.commands.import_logs.command import Import, name_of, progress_on, run_import  # noqa: PLC0415 - keeps --help quick
    from gatelens.commands.import_logs.log_format import log_format_of  # noqa: PLC0415

    if running_process(data) is None and not DataDirectory(data).clickhouse.exists():
        err.print(
            f"{data} is a new data directory; --data names that of `gatelens up`.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    definition = log_format_of(log_format) if log_format else None
    job = Import(files, format_name, environment, gateway, instance, again, keep_time, definition, config)
    try:
        with progress_on(err) as progress:
            outcomes = run_import(job, data, progress)
    except KeyboardInterrupt:
        _print_error(GatelensError("Interrupted. What was handed over is stored; the same import again adds the rest."))
        raise typer.Exit(_INTERRUPTED) from None
    for path, outcome in zip(files, outcomes, strict=True):
        name = name_of(path)
        if as_json:
            document = {"error": str(outcome)} if isinstance(outcome, GatelensError) else outcome.as_json()
            typer.echo(json.dumps({"file": name} | document))
        elif isinstance(outcome, GatelensError):
            _print_error(outcome)
        else:
            for line in (f"{name}: {outcome}", *outcome.notes):
                out.print(for_terminal(line), highlight=False, soft_wrap=True, markup=False)
    if any(isinstance(outcome, GatelensError) for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def migrate(data: Data = DEFAULT_DATA, config: ConfigFile = None) -> None:
    """Bring the schema of ClickHouse up to date; `gatelens up` does it too."""
    from gatelens.configuration.config import load_config  # noqa: PLC0415
    from gatelens.data_directory.own_store import run_migrations  # noqa: PLC0415 - keeps --help quick

    applied = run_migrations(load_config(config), data)
    out.print(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__, highlight=False)


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
