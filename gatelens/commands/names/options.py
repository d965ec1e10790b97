"""The options of `gatelens names`."""

from pathlib import Path
from typing import Annotated

import typer

names_app = typer.Typer(no_args_is_help=True, help="Show which naming rule names what.")

_ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GATELENS_CONFIG", help="The YAML file with the rules; docs/naming.md."),
]


@names_app.command("list")
def list_rules(config: _ConfigFile = None) -> None:
    """List the rules in the order in which they are tried."""
    from gatelens.commands.names.command import print_rules  # noqa: PLC0415 - keeps --help quick

    print_rules(config)


@names_app.command("try")
def try_file(
    file: Annotated[Path, typer.Argument(help="A log: plain, gzip or zstd.", exists=True, dir_okay=False)],
    format_name: Annotated[str, typer.Option("--format", help="Detected from the first lines if not given.")] = "",
    tag: Annotated[str, typer.Option(help="The tag under which an agent would send it.")] = "",
    lines: Annotated[int, typer.Option(min=1, max=10_000, help="How many lines to read.")] = 100,
    config: _ConfigFile = None,
) -> None:
    """Show what the first lines of a file would be called, and by which rule; nothing is stored."""
    from gatelens.commands.names.command import print_names  # noqa: PLC0415 - keeps --help quick

    print_names(file, format_name, tag, lines, config)
