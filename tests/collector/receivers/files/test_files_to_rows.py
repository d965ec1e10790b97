"""From files of containers to rows: what the path, the wrapper and the lines say together."""

import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from storage.store import Store
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.file_rig import FileRig, following
from tests.collector.rigs.storing import store_waiting

_UID = "0123456789abcdef" * 2
_MULE = """\
INFO  2026-11-23 10:15:30,123 [main] [event: 8d0e6a10] org.mule.Starter: up
ERROR 2026-11-23 10:15:31,456 [[MuleRuntime].uber.12: [orders].main @5f1e2] [event: 8d0e6a11] org.mule.Flow: it failed
java.lang.IllegalStateException: no
\tat com.example.Orders.get(Orders.java:42)
Caused by: java.io.IOException
\t... 12 more
INFO  2026-11-23 10:15:32,000 [main] [event: 8d0e6a12] org.mule.Starter: on
"""


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    directory = tmp_path / "pods" / f"shop_orders-5d8f7c9b6d-x2x4z_{_UID}" / "app"
    directory.mkdir(parents=True)
    return directory


def _following(directory: Path, environment: str, format_name: str) -> AbstractContextManager[FileRig]:
    include = [f"{directory}/pods/*/*/*.log"]
    source = {"include": include, "environment": environment, "container": "auto", "format": format_name}
    return following(directory, source)


def _cri(line: bytes) -> bytes:
    return b"2026-11-23T10:15:30.5Z stdout F " + line


def test_requests_of_a_sidecar(store: Store, tmp_path: Path, pod: Path) -> None:
    lines = [json_line(f"id-{number}") for number in range(50)]
    (pod / "0.log").write_bytes(b"".join(_cri(line) for line in [b"starting up\n", *lines, b'{"torn": \n']))
    with _following(tmp_path, "files-sidecar", "") as rig:
        rig.wait_for(lambda: rig.spool.backlog)
        store_waiting(store, rig.spool, seconds=0.5)
    rows = store.rows(
        "SELECT DISTINCT gateway, instance, count() OVER () FROM requests WHERE environment = 'files-sidecar'"
    )
    assert rows == [("orders.shop", "orders-5d8f7c9b6d-x2x4z", 50)]
    dead = store.rows("SELECT body FROM dead_letters WHERE environment = 'files-sidecar' ORDER BY body")
    assert dead == [("starting up",), ('{"torn": ',)]


def test_a_stack_trace_of_mule_is_one_record(store: Store, tmp_path: Path, pod: Path) -> None:
    with _following(tmp_path, "files-mule", "mule_log") as rig:
        with (pod / "0.log").open("ab", buffering=0) as file:
            for line in _MULE.encode().splitlines(keepends=True):
                file.write(_cri(line))
                time.sleep(0.05)
        rig.wait_for(lambda: len(rig.lines()) == _MULE.count("\n"))
        store_waiting(store, rig.spool, seconds=0.5)
    rows = store.rows("SELECT severity, body, instance FROM logs WHERE environment = 'files-mule' ORDER BY time")
    assert [severity for severity, _, _ in rows] == ["INFO", "ERROR", "INFO"]
    assert rows[1][1].startswith("it failed\njava.lang.IllegalStateException: no\n")
    assert rows[1][1].endswith("\t... 12 more")
    assert {instance for _, _, instance in rows} == {"orders-5d8f7c9b6d-x2x4z"}
