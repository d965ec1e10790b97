"""What `gatelens simulate` does: asks what a policy would have done, and prints it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from dashboards.api.simulations import PATH, SimulationRequest, simulation_answer
from gatelens.commands.analysis import asked, checked, print_table, say
from gatelens.configuration.yaml_document import yaml_document
from storage.errors import GatelensError


def policy_of(text: str) -> Any:
    """A policy in YAML, in the argument or in the file that it names. Raises GatelensError."""
    if not text.startswith("@"):
        return yaml_document(text, "The policy")
    path = Path(text[1:])
    try:
        return yaml_document(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise GatelensError(f"{path} cannot be read: {error}. Name a file of YAML after the @.") from error


def print_simulation(body: Mapping[str, Any], data: Path, *, as_json: bool) -> None:
    """Print the answer to a request of the HTTP API. Raises GatelensError."""
    request = checked(SimulationRequest, body)
    answer = asked(PATH, body, data, lambda store, now: simulation_answer(store, request, now))
    if as_json:
        typer.echo(json.dumps(answer))
        return
    stopped = "cached" if "cached" in answer else "refused"
    say(answer["summary"])
    if advice := answer.get("advised_limit"):
        bursts = ", ".join(f"{name} {count:,}" for name, count in answer["bursts"].items())
        say(f"Requests in a window: {bursts}.")
        say(f"A limit of {advice['limit']:,} refuses at most {100 * advice['refuse_at_most']:g} %.")
    print_table(
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
        say(caveat)
