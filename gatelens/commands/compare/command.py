"""What `gatelens compare` does: asks how two sides differ, and prints it."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from dashboards.api.comparisons import PATH, ComparisonRequest, comparison_answer
from gatelens.commands.analysis import Answer, asked, checked, print_table, say, show_number
from processors.query.questions import Questions
from processors.query.tables import HANDLED
from storage.store import Store


def print_comparison(body: Mapping[str, Any], data: Path, *, as_json: bool) -> None:
    """Print the answer to a request of the HTTP API. Raises GatelensError."""

    def own(store: Store, now: datetime) -> Answer:
        questions, handled = Questions(store, lambda: now), Questions(store, lambda: now, tables=HANDLED)
        try:
            return comparison_answer(store, questions, handled, checked(ComparisonRequest, body), now)
        finally:
            questions.close()
            handled.close()

    answer = asked(PATH, body, data, own)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    say(answer["verdict"])
    sides = (answer["first"], answer["second"])
    columns = ("requests", "error_rate", "mean", "p50", "p95", "p99", "gateway_mean", "cost_of_a_million_requests")
    print_table(
        ("", *(side["name"] for side in sides)),
        [(column, *(show_number(side[column]) for side in sides)) for column in columns],
    )
