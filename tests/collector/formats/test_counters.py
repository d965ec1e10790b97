"""Counters that begin anew: the query of the documentation, run on what was stored."""

import re
import time
from pathlib import Path

import pytest

from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.rigs.spooling import append
from tests.collector.rigs.storing import store_all

_PROMETHEUS = Path(__file__).parents[3] / "docs" / "sources" / "prometheus.md"


def test_a_counter_that_falls_began_anew(store: Store, tmp_path: Path) -> None:
    name = "process_cpu_seconds_total"
    now_ms = time.time_ns() // 1_000_000
    values: dict[str, list[float]] = {"a": [10, 15, 3, 7, 7], "b": [0.5, 1.5, 0, 0, 2]}
    lines = [
        f'{name}{{pod="counter-{pod}"}} {value} {now_ms - 60_000 + number * 1000}'
        for pod, told in values.items()
        for number, value in enumerate(told)
    ]
    spool = Spool(tmp_path, SpoolConfig(segment_age=60))
    # The last line comes twice, as from a sender that was not answered.
    body = "\n".join([*lines, lines[-1]]).encode()
    append(spool, Payload("prometheus_text", body, now_ms * 1000, "counters")).result()
    store_all(store, spool)

    documented = re.search(r"```sql\n(SELECT instance, sum\(rise\).*?)```", _PROMETHEUS.read_text("utf-8"), re.DOTALL)
    assert documented is not None
    found = dict(store.rows(documented[1]))
    # 5 up to 15, 3 after it began anew, then 4; 1, nothing, then 2.
    assert found["counter-a"] == pytest.approx(5 + 3 + 4)
    assert found["counter-b"] == pytest.approx(1 + 0 + 2)
