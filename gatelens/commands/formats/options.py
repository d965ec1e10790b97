"""The options of `gatelens formats`."""

from pathlib import Path
from typing import Annotated

import typer

formats_app = typer.Typer(no_args_is_help=True, help="Show what can be read, and how a file would be read.")

_Name = Annotated[str, typer.Argument(help="A format of `gatelens formats list`.")]
_ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GATELENS_CONFIG", help="A YAML file with formats of your own; docs/formats.md."),
]


@formats_app.command("list")
def list_formats(config: _ConfigFile = None) -> None:
    """List the formats, and what their records become."""
    from gatelens.commands.formats.command import print_formats  # noqa: PLC0415 - keeps --help quick

    print_formats(config)


@formats_app.command()
def show(
    name: Annotated[str, typer.Argument(help="A format, or access: the columns that every access log is read into.")],
    config: _ConfigFile = None,
) -> None:
    """Show how a format is recognised and read."""
    from gatelens.commands.formats.command import print_format  # noqa: PLC0415 - keeps --help quick

    print_format(name, config)


@formats_app.command()
def statement(name: _Name, config: _ConfigFile = None) -> None:
    """Print the SELECT that turns a segment of this format into rows."""
    from gatelens.commands.formats.command import print_statement  # noqa: PLC0415 - keeps --help quick

    print_statement(name, config)


@formats_app.command("try")
def try_file(
    file: Annotated[Path, typer.Argument(help="A log: plain, gzip or zstd.", exists=True, dir_okay=False)],
    format_name: Annotated[str, typer.Option("--format", help="Detected from the first lines if not given.")] = "",
    log_format: Annotated[
        str, typer.Option("--log-format", help="How it is written, e.g. nginx='$remote_addr ...'; docs/formats.md.")
    ] = "",
    lines: Annotated[int, typer.Option(min=1, max=1000, help="How many lines to read.")] = 5,
    config: _ConfigFile = None,
) -> None:
    """Show how the first lines of a file would be read, field by field; nothing is stored."""
    from gatelens.commands.formats.command import print_first_records  # noqa: PLC0415 - keeps --help quick

    print_first_records(file, format_name, log_format, lines, config)
