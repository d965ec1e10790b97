"""Acknowledged means durable: the process is killed at random moments under load, and every event is there once."""

import random
import time
from pathlib import Path

from tests.durability.acknowledged_load import Load, check_stored_once
from tests.running import RunningGatelens

_KILLS = 20


def test_every_acknowledged_event_is_stored_once(tmp_path: Path) -> None:
    draw = random.Random(20)
    sent: set[str] = set()
    acknowledged: set[str] = set()
    for _ in range(_KILLS):
        with RunningGatelens(tmp_path) as gatelens:
            load = Load(gatelens.addresses)
            load.start()
            # From within the first segment to some inserts later.
            time.sleep(draw.uniform(0.05, 2.5))
            gatelens.kill()
            load.stop()
        sent |= load.sent
        acknowledged |= load.acknowledged

    with RunningGatelens(tmp_path) as gatelens:
        assert len(acknowledged) > 20 * _KILLS
        check_stored_once(gatelens, sent, acknowledged)
