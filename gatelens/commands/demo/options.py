"""The options of `gatelens demo`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gatelens.commands.announcement import announce
from gatelens.commands.config_option import ConfigFile
from gatelens.commands.data_option import Data
from gatelens.machine.start_collection import start_uncollected


def demo(
    data: Data = Path("demo-data"),
    config: ConfigFile = None,
    history: Annotated[
        str, typer.Option(help="Also backfill this much of the past, e.g. 90m, 24h or 7d, in environment demo-history.")
    ] = "",
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Requests a second, on average over a day.")] = 20.0,
) -> None:
    """Run Gatelens with gateways of three kinds, a mesh, and traffic through them."""
    with start_uncollected():
        from gatelens.access.listener_access import check_demo  # noqa: PLC0415 - keeps --help quick
        from gatelens.configuration.config import load_config  # noqa: PLC0415
        from gatelens.demo.session import DemoSession  # noqa: PLC0415 - its parts are optional
        from gatelens.process.foreground import running  # noqa: PLC0415

    out, err = Console(), Console(stderr=True)
    settings = load_config(config)
    check_demo(settings)
    session = DemoSession(data, rate, history)
    with (
        session.configured(settings) as configured,
        running(configured, data, config) as (gatelens, addresses, stop),
        session.sending_to(gatelens, addresses),
    ):
        announce(addresses, data, gatelens.sign_in_notice)
        for line in session.describe():
            out.print(line, highlight=False, soft_wrap=True)
        session.furnish(addresses, err)
        session.backfill(addresses, err, gatelens.under_way, stop)
        stop.wait()
