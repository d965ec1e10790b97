"""The commands that ask what is worked out from the tables: of a running Gatelens, or of a data directory."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gatelens.commands.data_option import DEFAULT_DATA, Data
from storage.errors import GatelensError
from storage.untrusted_text import for_terminal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from storage.store import Store

out = Console()

Filters = Annotated[
    list[str] | None, typer.Option("--filter", help="e.g. environment=production or status!=404; several all hold.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_SECONDS = 120

Answer = Mapping[str, Any]
Model = TypeVar("Model", bound="BaseModel")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(simulate)
    app.command()(compare)


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
    from dashboards.api import explain as api  # noqa: PLC0415 - keeps --help quick
    from processors.query.questions import Questions  # noqa: PLC0415

    body = {"measure": measure, "from": start, "to": end, "baseline": baseline, "filter": filters or []}

    def own(store: "Store", now: datetime) -> Answer:
        questions = Questions(store, lambda: now)
        try:
            return api.explain_answer(store, questions, _checked(api.ExplainRequest, body), now)
        finally:
            questions.close()

    answer = _asked(api.PATH, body, data, own)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    _say(answer["summary"])
    _print_table(
        ("kind", "what", "before", "after", "contribution", "surprise"),
        [
            (
                row["kind"],
                ", ".join(f"{name}={value}" for name, value in row["dimensions"].items()),
                _number(row["before"]),
                _number(row["after"]),
                f"{100 * row['contribution']:.0f} %",
                f"{row['surprise']:.4f}",
            )
            for row in answer["rows"]
        ],
    )


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
    from dashboards.api import simulations as api  # noqa: PLC0415 - keeps --help quick

    body = {
        "policy": _document(policy),
        "from": start,
        "to": end,
        "filter": filters or [],
        "refuse_at_most": refuse_at_most,
    }
    request = _checked(api.SimulationRequest, body)
    answer = _asked(api.PATH, body, data, lambda store, now: api.simulation_answer(store, request, now))
    if as_json:
        typer.echo(json.dumps(answer))
        return
    stopped = "cached" if "cached" in answer else "refused"
    _say(answer["summary"])
    if advice := answer.get("advised_limit"):
        bursts = ", ".join(f"{name} {count:,}" for name, count in answer["bursts"].items())
        _say(f"Requests in a window: {bursts}.")
        _say(f"A limit of {advice['limit']:,} refuses at most {100 * advice['refuse_at_most']:g} %.")
    _print_table(
        ("who", "requests", stopped, "delayed", "share", "first", "last"),
        [
            (
                row["key"] or "(none)",
                f"{row['requests']:,}",
                f"{row[stopped]:,}",
                f"{row['delayed']:,}",
                f"{100 * row['share']:.3g} %",
                row["first"] or "",
                row["last"] or "",
            )
            for row in answer["who"]
            if row[stopped] or row["delayed"]
        ],
    )
    for caveat in answer["caveats"]:
        _say(caveat)


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
    from dashboards.api import comparisons as api  # noqa: PLC0415 - keeps --help quick
    from processors.query.questions import Questions  # noqa: PLC0415
    from processors.query.tables import HANDLED  # noqa: PLC0415

    prices = {"per_core_hour": core_hour, "per_gib_hour": gib_hour, "per_million_requests": million_requests}
    body = {
        "first": {"filter": first},
        "second": {"filter": second},
        "from": start,
        "to": end,
        "filter": filters or [],
        "prices": prices,
    }

    def own(store: "Store", now: datetime) -> Answer:
        questions, handled = Questions(store, lambda: now), Questions(store, lambda: now, tables=HANDLED)
        try:
            return api.comparison_answer(store, questions, handled, _checked(api.ComparisonRequest, body), now)
        finally:
            questions.close()
            handled.close()

    answer = _asked(api.PATH, body, data, own)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    _say(answer["verdict"])
    sides = (answer["first"], answer["second"])
    columns = ("requests", "error_rate", "mean", "p50", "p95", "p99", "gateway_mean", "cost_of_a_million_requests")
    _print_table(
        ("", *(side["name"] for side in sides)),
        [(column, *(_number(side[column]) for side in sides)) for column in columns],
    )


def _document(text: str) -> Any:
    """What YAML people wrote, in the argument or in the file that it names."""
    from gatelens.configuration.yaml_document import yaml_document  # noqa: PLC0415 - keeps --help quick

    if not text.startswith("@"):
        return yaml_document(text, "The policy")
    path = Path(text[1:])
    try:
        return yaml_document(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise GatelensError(f"{path} cannot be read: {error}. Name a file of YAML after the @.") from error


def _checked(model: type[Model], body: Mapping[str, Any]) -> Model:
    """The request; raises GatelensError with every fault of it."""
    from pydantic import ValidationError  # noqa: PLC0415 - keeps --help quick

    from gatelens.configuration.config import fault_text  # noqa: PLC0415

    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        lines = [f"{'.'.join(map(str, fault['loc']))}: {fault_text(fault)}" for fault in faults]
        raise GatelensError(f"This cannot be asked; correct {'; '.join(lines)}.") from None


def _say(text: str) -> None:
    out.print(for_terminal(text), highlight=False, markup=False, soft_wrap=True)


def _asked(path: str, body: Mapping[str, Any], data: Path, own: "Callable[[Store, datetime], Answer]") -> Answer:
    """The answer of the process that owns the data directory, or of `own` over its opened store."""
    from gatelens.data_directory.directory import running_process  # noqa: PLC0415
    from gatelens.data_directory.local_access import ask_process  # noqa: PLC0415
    from gatelens.data_directory.own_store import own_store  # noqa: PLC0415 - keeps --help quick

    process = running_process(data)
    if process is None:
        with own_store(data) as store:
            return own(store, datetime.now(UTC))
    advice = "Try again, or a shorter period."
    return dict(ask_process(data, process, "POST", path, _SECONDS, body=dict(body), advice=advice).json())


def _print_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(escape(for_terminal(cell)) for cell in row))
    if rows:
        out.print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
