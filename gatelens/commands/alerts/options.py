"""The options of `gatelens alerts`."""

from pathlib import Path
from typing import Annotated

import typer

from gatelens.commands.data_option import DEFAULT_DATA, Data

alerts_app = typer.Typer(no_args_is_help=True, help="Check and test alert rules, and silence alerts; docs/alerts.md.")

_File = Annotated[Path, typer.Argument(help="A rule file; docs/alerts.md has every key.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@alerts_app.command()
def check(file: _File) -> None:
    """List every mistake in a rule file with its line; exit code 1 if there is any."""
    from gatelens.commands.alerts.command import print_check  # noqa: PLC0415 - keeps --help quick

    if not print_check(file):
        raise typer.Exit(1)


@alerts_app.command("test")
def test_file(
    *,
    file: _File,
    start: Annotated[str, typer.Option("--from", help="now-7d, 2026-05-01, ... in UTC.")] = "now-1d",
    end: Annotated[str, typer.Option("--to", help="now, 2026-05-08, ... in UTC.")] = "now",
    noise: Annotated[str, typer.Option(help="Alerts that resolve by themselves within this time are noise.")] = "5m",
    most_pages: Annotated[int, typer.Option(help="Exit code 1 if there are more; -1 for no limit.")] = -1,
    most_noise: Annotated[int, typer.Option(help="Exit code 1 if more of them are noise; -1 for no limit.")] = -1,
    as_json: _Json = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """List the alerts that the rules would have sent in the past; exit code 1 if there are too many."""
    from gatelens.commands.alerts.command import print_backtest  # noqa: PLC0415 - keeps --help quick

    outcome, short = print_backtest(file, start, end, noise, data, as_json=as_json)
    if outcome.faults or 0 <= most_pages < len(outcome.pages) or 0 <= most_noise < short:
        raise typer.Exit(1)


@alerts_app.command()
def silences(as_json: _Json = False, data: Data = DEFAULT_DATA) -> None:
    """List the silences."""
    from gatelens.commands.alerts.command import print_silences  # noqa: PLC0415 - keeps --help quick

    print_silences(data, as_json=as_json)


@alerts_app.command()
def silence(
    matchers: Annotated[list[str], typer.Argument(help="Labels, such as api=orders or severity=~'warning|info'.")],
    comment: Annotated[str, typer.Option("--comment", "-c", help="Why.")],
    lasts: Annotated[str, typer.Option("--for", help="How long, e.g. 2h.")] = "1h",
    author: Annotated[str, typer.Option(help="Who creates it.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Silence alerts for a while, and print the id of the silence."""
    from gatelens.commands.alerts.command import add_silence  # noqa: PLC0415 - keeps --help quick

    typer.echo(add_silence(matchers, comment, lasts, author, data))


@alerts_app.command()
def expire(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As `gatelens alerts silences` shows it.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """End a silence."""
    from gatelens.commands.alerts.command import end_silence  # noqa: PLC0415 - keeps --help quick

    end_silence(identity, data)
    typer.echo(f"Ended {identity}")
