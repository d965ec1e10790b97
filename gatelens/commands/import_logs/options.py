"""The options of `gatelens import`."""

from pathlib import Path
from typing import Annotated

import typer

from gatelens.commands.config_option import ConfigFile
from gatelens.commands.data_option import DEFAULT_DATA, Data


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
    from gatelens.commands.import_logs.command import print_import  # noqa: PLC0415 - keeps --help quick
    from gatelens.commands.import_logs.job import Import  # noqa: PLC0415
    from gatelens.commands.log_format import log_format_of  # noqa: PLC0415

    definition = log_format_of(log_format) if log_format else None
    job = Import(files, format_name, environment, gateway, instance, again, keep_time, definition, config)
    if not print_import(job, data, as_json=as_json):
        raise typer.Exit(1)
