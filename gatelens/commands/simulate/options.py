"""The options of `gatelens simulate`."""

from typing import Annotated

import typer

from gatelens.commands.analysis_options import AsJson, Filters
from gatelens.commands.data_option import DEFAULT_DATA, Data


def simulate(
    policy: Annotated[
        str,
        typer.Argument(help="The policy in YAML or JSON, or @FILE, e.g. '{kind: rate_limit, limit: 100, per: 1m}'."),
    ],
    *,
    start: Annotated[str, typer.Option("--from", help="Where the traffic begins, e.g. now-7d.")] = "now-24h",
    end: Annotated[str, typer.Option("--to", help="Just after its end; now if not given.")] = "",
    filters: Filters = None,
    refuse_at_most: Annotated[
        float, typer.Option(min=0, max=1, help="The share of requests that an advised limit may refuse.")
    ] = 0.01,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Replay recorded traffic against a policy that is only planned; docs/analysis.md#simulation."""
    from gatelens.commands.simulate.command import policy_of, print_simulation  # noqa: PLC0415 - keeps --help quick

    body = {
        "policy": policy_of(policy),
        "from": start,
        "to": end,
        "filter": filters or [],
        "refuse_at_most": refuse_at_most,
    }
    print_simulation(body, data, as_json=as_json)
