"""The same with ClickHouse on a server: whichever of the two is killed, every event is there once."""

import random
import time
from functools import partial
from pathlib import Path

from tests.clickhouse_server.clickhouse_process import ClickHouseProcess
from tests.durability.acknowledged_load import Load, check_stored_once
from tests.e2e.gatelens_process import until
from tests.running import RunningGatelens

# Inserts are small and many, so that a kill meets one.
_SETTINGS = {"GATELENS_COLLECTOR__SPOOL__SEGMENT_AGE": "0.1"}
_ROUNDS = ("server", "gatelens", "server", "both")
_BATCHES = 20


def test_every_acknowledged_event_is_stored_once_on_a_server(tmp_path: Path) -> None:
    draw = random.Random(26)
    sent: set[str] = set()
    acknowledged: set[str] = set()
    with ClickHouseProcess(tmp_path / "server") as server:
        settings = {**_SETTINGS, "GATELENS_STORAGE__DSN": server.dsn()}
        gatelens = RunningGatelens(tmp_path / "data", settings)
        for killed in _ROUNDS:
            with gatelens:
                load = Load(gatelens.addresses)
                load.start()
                assert until(partial(len, load.acknowledged), lambda n: n >= _BATCHES) >= _BATCHES
                time.sleep(draw.uniform(0.1, 1.5))
                if killed != "gatelens":
                    server.kill()
                    # What comes now is acknowledged without ClickHouse.
                    time.sleep(draw.uniform(0.1, 0.5))
                if killed != "server":
                    gatelens.kill()
                if killed != "gatelens":
                    server.start()
                load.stop()
            sent |= load.sent
            acknowledged |= load.acknowledged

        with gatelens:
            check_stored_once(gatelens, sent, acknowledged)
