"""The options of `gatelens replay`."""

from typing import Annotated

import typer

from gatelens.commands.data_option import DEFAULT_DATA, Data


def replay(
    *,
    format_name: Annotated[str, typer.Option("--format", help="Only dead letters of this format.")] = "",
    reason: Annotated[str, typer.Option(help="Only those with exactly this reason.")] = "",
    start: Annotated[str, typer.Option("--from", help="Received since: now-7d, 2026-05-01, ... in UTC.")] = "",
    end: Annotated[str, typer.Option("--to", help="The end, not included; written likewise.")] = "",
    read_as: Annotated[str, typer.Option("--as", help="Read them as this format instead of their own.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would become of them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Read dead letters again after a format was fixed; those that can be parsed become rows, once."""
    from gatelens.commands.replay.command import print_outcome, run_replay  # noqa: PLC0415 - keeps --help quick

    body = {"format": format_name, "reason": reason, "from": start, "to": end, "as": read_as, "dry_run": dry_run}
    print_outcome(run_replay(body, data), as_json=as_json)
