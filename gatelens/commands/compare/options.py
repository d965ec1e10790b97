"""The options of `gatelens compare`."""

from typing import Annotated

import typer

from gatelens.commands.analysis_options import AsJson, Filters
from gatelens.commands.data_option import DEFAULT_DATA, Data


def compare(
    *,
    first: Annotated[list[str], typer.Option("--first", help="What the first side is, e.g. gateway=edge.")],
    second: Annotated[list[str], typer.Option("--second", help="What the second side is, e.g. gateway_kind=flex.")],
    start: Annotated[str, typer.Option("--from", help="Where the time begins, e.g. now-7d.")] = "now-24h",
    end: Annotated[str, typer.Option("--to", help="Just after its end; now if not given.")] = "",
    filters: Filters = None,
    core_hour: Annotated[float, typer.Option(min=0, help="What an hour of a core costs.")] = 0.0,
    gib_hour: Annotated[float, typer.Option(min=0, help="What an hour of a GiB of memory costs.")] = 0.0,
    million_requests: Annotated[float, typer.Option(min=0, help="What a million requests cost besides.")] = 0.0,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Compare the same traffic through two gateways, kinds or versions; docs/analysis.md#comparison."""
    from gatelens.commands.compare.command import print_comparison  # noqa: PLC0415 - keeps --help quick

    prices = {"per_core_hour": core_hour, "per_gib_hour": gib_hour, "per_million_requests": million_requests}
    body = {
        "first": {"filter": first},
        "second": {"filter": second},
        "from": start,
        "to": end,
        "filter": filters or [],
        "prices": prices,
    }
    print_comparison(body, data, as_json=as_json)
