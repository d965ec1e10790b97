"""The option that names the configuration file."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", envvar="GATELENS_CONFIG", help="A YAML file; docs/configuration.md."),
]
