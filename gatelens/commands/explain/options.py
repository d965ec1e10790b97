"""The options of `gatelens explain`."""

from typing import Annotated

import typer

from gatelens.commands.analysis_options import AsJson, Filters
from gatelens.commands.data_option import DEFAULT_DATA, Data


def explain(
    *,
    measure: Annotated[str, typer.Option(help="What changed: errors, error_rate, mean, p95, requests, …")] = "errors",
    start: Annotated[str, typer.Option("--from", help="Where the window begins, e.g. now-1h.")] = "now-1h",
    end: Annotated[str, typer.Option("--to", help="Just after its end; now if not given.")] = "",
    baseline: Annotated[
        str, typer.Option(help="before, this much earlier (1d, 7d), FROM..TO, or other traffic (version=v2).")
    ] = "before",
    filters: Filters = None,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show which values of which dimensions account for a change; docs/analysis.md#explain."""
    from gatelens.commands.explain.command import print_explanation  # noqa: PLC0415 - keeps --help quick

    body = {"measure": measure, "from": start, "to": end, "baseline": baseline, "filter": filters or []}
    print_explanation(body, data, as_json=as_json)
