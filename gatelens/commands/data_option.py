"""The option that names the data directory."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option("--data", envvar="GATELENS_DATA", help="The directory that holds everything.", show_default=True),
]
DEFAULT_DATA = Path("data")
