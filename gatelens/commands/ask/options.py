"""The options of `gatelens ask`."""

from enum import StrEnum
from typing import Annotated

import typer

from gatelens.commands.data_option import DEFAULT_DATA, Data


class AnswerFormat(StrEnum):
    """What `gatelens ask` prints."""

    table = "table"
    json = "json"
    csv = "csv"


def ask(
    *,
    measures: Annotated[list[str], typer.Option("--measure", "-m", help="Such as requests or p95,error_rate.")],
    by: Annotated[list[str] | None, typer.Option(help="What to group by, such as api,version.")] = None,
    start: Annotated[str, typer.Option("--from", help="now-24h, 2026-05-01, ... in UTC.")] = "now-1h",
    end: Annotated[str, typer.Option("--to", help="The end, not included; written likewise.")] = "now",
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="Such as environment=prod or 'status!=404'; repeat it; docs/questions.md."),
    ] = None,
    step: Annotated[str, typer.Option(help="Also split by steps of time, such as 5m, or auto.")] = "",
    compare: Annotated[str, typer.Option(help="Also the same period this much earlier, such as 7d.")] = "",
    order: Annotated[str, typer.Option(help="A measure or dimension; descending with - before it.")] = "",
    limit: Annotated[int, typer.Option(help="At most this many groups.")] = 1_000,
    apdex_threshold_ms: Annotated[int, typer.Option(help="The satisfied threshold of Apdex.")] = 500,
    output: Annotated[AnswerFormat, typer.Option("--format", help="How the answer is printed.")] = AnswerFormat.table,
    url: Annotated[
        str,
        typer.Option(help="A Gatelens to ask instead, such as https://gatelens:8050; its token is in GATELENS_TOKEN."),
    ] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Ask how much, how fast and how often traffic failed; docs/questions.md."""
    from gatelens.commands.ask.command import print_table, run_ask  # noqa: PLC0415 - keeps --help quick

    given = {
        "measures": _names(measures),
        "dimensions": _names(by or []),
        "from": start,
        "to": end,
        "filters": filters or [],
        "step": step or None,
        "compare": compare or None,
        "order": {"by": order.removeprefix("-"), "descending": order.startswith("-")} if order else None,
        "limit": limit,
        "apdex_threshold_ms": apdex_threshold_ms,
    }
    if output is AnswerFormat.table:
        print_table(run_ask(given, "json", url, data))
    else:
        typer.echo(run_ask(given, output.value, url, data).decode(), nl=False)


def _names(given: list[str]) -> list[str]:
    """Each by itself; the name of an attribute may hold a comma."""
    return [name for text in given for name in ([text] if text.startswith("attribute:") else text.split(","))]
