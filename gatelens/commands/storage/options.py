"""The options of `gatelens storage`, `gatelens rollup` and `gatelens migrate`."""

from typing import Annotated

import typer

from gatelens.commands.config_option import ConfigFile
from gatelens.commands.data_option import DEFAULT_DATA, Data

rollup_app = typer.Typer(no_args_is_help=True, help="Rebuild rollups.")


def storage(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show what is stored, how large it is, and how long space will last."""
    from gatelens.commands.storage.command import print_report, read_report  # noqa: PLC0415 - keeps --help quick

    report = read_report(data)
    if as_json:
        typer.echo(report.decode())
    else:
        print_report(report)


@rollup_app.command()
def rebuild(
    start: Annotated[str, typer.Option("--from", help="2026-05-01, now-7d, ... in UTC.")],
    end: Annotated[str, typer.Option("--to", help="The end, not included; written likewise.")] = "now",
    table: Annotated[
        list[str] | None, typer.Option(help="Only this rollup and those built from it; repeatable.")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Rebuild rollups from their source, whether Gatelens is running or not."""
    from gatelens.commands.storage.command import run_rebuild  # noqa: PLC0415 - keeps --help quick

    run_rebuild(start, end, table or [], data)


def migrate(data: Data = DEFAULT_DATA, config: ConfigFile = None) -> None:
    """Bring the schema of ClickHouse up to date; `gatelens up` does it too."""
    from gatelens.configuration.config import load_config  # noqa: PLC0415 - keeps --help quick
    from gatelens.data_directory.own_store import run_migrations  # noqa: PLC0415

    applied = run_migrations(load_config(config), data)
    typer.echo(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")
