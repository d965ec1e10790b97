"""Options of the commands that ask what is worked out from the tables."""

from typing import Annotated

import typer

Filters = Annotated[
    list[str] | None, typer.Option("--filter", help="e.g. environment=production or status!=404; several all hold.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
