"""The options of `gatelens report`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gatelens.commands.data_option import DEFAULT_DATA, Data

report_app = typer.Typer(no_args_is_help=True, help="Write a report to a file.")


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
        str, typer.Option("--format", help="csv, xlsx or json; by the file's extension if not given.")
    ] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - prints.")] = Path("-"),
    environment: Annotated[str, typer.Option(help="Only this environment.")] = "",
    gateway: Annotated[str, typer.Option(help="Only this gateway.")] = "",
    api: Annotated[str, typer.Option(help="Only this API.")] = "",
    consumer: Annotated[str, typer.Option(help="Only this consumer.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Write who used which API, and how much; docs/reports.md."""
    from gatelens.commands.report.command import (  # noqa: PLC0415 - keeps --help quick
        UsageQuestion,
        format_of,
        run_usage,
        write,
    )

    chosen = format_of(format_name, output)
    report = run_usage(UsageQuestion(start, end, by, chosen, environment, gateway, api, consumer), data)
    write(report.content, output)
    Console(stderr=True).print(f"{report.rows:,} rows, {report.requests:,} requests", highlight=False)
