"""The `gatelens` command: the list of what it can do."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from gatelens import __version__
from gatelens.commands.access.options import admin_app, token_app
from gatelens.commands.alerts.options import alerts_app
from gatelens.commands.ask.options import ask
from gatelens.commands.compare.options import compare
from gatelens.commands.demo.options import demo
from gatelens.commands.error_line import print_error
from gatelens.commands.explain.options import explain
from gatelens.commands.formats.options import formats_app
from gatelens.commands.import_logs.options import import_files
from gatelens.commands.names.options import names_app
from gatelens.commands.query.options import query
from gatelens.commands.replay.options import replay
from gatelens.commands.report.options import report_app
from gatelens.commands.simulate.options import simulate
from gatelens.commands.storage.options import migrate, rollup_app, storage
from gatelens.commands.up.options import up
from storage.errors import GatelensError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Observability and usage analytics for API gateways and service-mesh sidecars, on ClickHouse.",
    epilog="Start with [bold]gatelens demo[/], or [bold]gatelens up[/] and point a gateway at it: docs/sources.md.",
)
app.command()(up)
app.command()(demo)
app.command("import")(import_files)
app.command()(ask)
app.command()(query)
app.command()(explain)
app.command()(simulate)
app.command()(compare)
app.command()(replay)
app.command()(storage)
app.command()(migrate)
app.add_typer(report_app, name="report")
app.add_typer(alerts_app, name="alerts")
app.add_typer(formats_app, name="formats")
app.add_typer(names_app, name="names")
app.add_typer(rollup_app, name="rollup")
app.add_typer(admin_app, name="admin")
app.add_typer(token_app, name="token")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        Console().print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """What may stand before a command."""


@app.command()
def version() -> None:
    """Print the version."""
    Console().print(__version__, highlight=False)


def main() -> None:
    """Run the command; an error of ours is one line and exit code 1."""
    try:
        app()
    except GatelensError as error:
        print_error(error)
        sys.exit(1)
    except UnicodeEncodeError:
        print_error(GatelensError("An argument holds bytes that are no UTF-8 text; write it in UTF-8."))
        sys.exit(1)
