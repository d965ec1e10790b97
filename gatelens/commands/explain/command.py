"""What `gatelens explain` does: asks which values account for a change, and prints them."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from dashboards.api.explain import PATH, ExplainRequest, explain_answer
from gatelens.commands.analysis import Answer, asked, checked, print_table, say, show_number
from processors.query.questions import Questions
from storage.store import Store


def print_explanation(body: Mapping[str, Any], data: Path, *, as_json: bool) -> None:
    """Print the answer to a request of the HTTP API. Raises GatelensError."""

    def own(store: Store, now: datetime) -> Answer:
        questions = Questions(store, lambda: now)
        try:
            return explain_answer(store, questions, checked(ExplainRequest, body), now)
        finally:
            questions.close()

    answer = asked(PATH, body, data, own)
    if as_json:
        typer.echo(json.dumps(answer))
        return
    say(answer["summary"])
    print_table(
        ("kind", "what", "before", "after", "contribution", "surprise"),
        [
            (
                row["kind"],
                ", ".join(f"{name}={value}" for name, value in row["dimensions"].items()),
                show_number(row["before"]),
                show_number(row["after"]),
                f"{100 * row['contribution']:.0f} %",
                f"{row['surprise']:.4f}",
            )
            for row in answer["rows"]
        ],
    )
