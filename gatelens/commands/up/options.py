"""The options of `gatelens up`."""

from gatelens.commands.announcement import announce
from gatelens.commands.config_option import ConfigFile
from gatelens.commands.data_option import DEFAULT_DATA, Data
from gatelens.machine.start_collection import start_uncollected


def up(data: Data = DEFAULT_DATA, config: ConfigFile = None) -> None:
    """Run Gatelens: receivers, ClickHouse, pages and alerts in one process, until it is stopped."""
    with start_uncollected():
        from gatelens.configuration.config import load_config  # noqa: PLC0415 - keeps --help quick
        from gatelens.process.foreground import running  # noqa: PLC0415

    with running(load_config(config), data, config) as (gatelens, addresses, stop):
        announce(addresses, data, gatelens.sign_in_notice)
        stop.wait()
