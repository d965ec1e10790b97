"""Keyed bodies that are sent again after SIGKILL, until they are acknowledged: each is stored once."""

import random
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import httpx
import pytest

from gatelens.data_directory.directory import Addresses
from tests.collector.rigs.access_logs import json_line
from tests.patience import PATIENCE
from tests.running import RunningGatelens

_KILLS = 3
_LINES = 20


@cache
def _body(key: str) -> bytes:
    return b"".join(json_line(f"{key}-{number}") for number in range(_LINES))


def _send(client: httpx.Client, addresses: Addresses, key: str) -> bool:
    own = {"own_segment": "true"} if key.startswith("own") else {}
    try:
        answer = client.post(
            f"{addresses.http}/ingest/envoy_json",
            params={"environment": "killed", **own},
            content=_body(key),
            headers={"Idempotency-Key": key},
        )
    except httpx.HTTPError:
        return False
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


class _Clients:
    """Send bodies of their own and, first of all, those that had no answer before."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.unanswered: list[str] = []
        self._stopping = threading.Event()

    def run(self, addresses: Addresses, seconds: float, gatelens: RunningGatelens) -> None:
        self._stopping.clear()
        with ThreadPoolExecutor(3) as pool:
            for kind in ("own", "shared", "shared"):
                pool.submit(self._work, addresses, kind)
            time.sleep(seconds)
            gatelens.kill()
            self._stopping.set()

    def _work(self, addresses: Addresses, kind: str) -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            while not self._stopping.is_set():
                key = f"{kind}-{uuid.uuid4().hex}"
                self.sent.add(key)
                while not (is_taken := _send(client, addresses, key)) and not self._stopping.is_set():
                    time.sleep(0.05)
                if not is_taken:
                    self.unanswered.append(key)


def _metric(gatelens: RunningGatelens, name: str) -> float:
    text = httpx.get(f"{gatelens.addresses.web}/metrics", trust_env=False, timeout=PATIENCE).text
    found = re.search(rf"^{name}\{{.*\}} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _wait_until_stored(gatelens: RunningGatelens) -> None:
    deadline = time.monotonic() + PATIENCE
    while _metric(gatelens, "gatelens_spool_size_bytes") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _metric(gatelens, "gatelens_spool_size_bytes") == 0


def _stored(gatelens: RunningGatelens) -> dict[str, tuple[int, int]]:
    rows = gatelens.query(
        "SELECT substring(request_id, 1, length(request_id) - position(reverse(request_id), '-')) AS batch,"
        " count() AS events, uniqExact(request_id) AS different FROM requests GROUP BY batch"
    )
    return {str(row["batch"]): (int(row["events"]), int(row["different"])) for row in rows}


def test_bodies_sent_again_after_sigkill_are_stored_once(tmp_path: Path) -> None:
    draw = random.Random(8)
    clients = _Clients()
    answered_again = 0
    for _ in range(_KILLS):
        with RunningGatelens(tmp_path) as gatelens:
            with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
                waiting, clients.unanswered = clients.unanswered, []
                for key in waiting:
                    # Twice: the first may have been durable before, or not.
                    for _ in range(2):
                        while not _send(client, gatelens.addresses, key):
                            time.sleep(0.1)
                    answered_again += 1
            clients.run(gatelens.addresses, draw.uniform(0.2, 1.5), gatelens)
    with RunningGatelens(tmp_path) as gatelens:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            for key in clients.sent:
                # All of them, also those that were answered: they are known for as long as is promised.
                while not _send(client, gatelens.addresses, key):
                    time.sleep(0.1)
        _wait_until_stored(gatelens)
        assert _stored(gatelens) == dict.fromkeys(clients.sent, (_LINES, _LINES))
    assert answered_again
    assert len(clients.sent) > 10 * _KILLS


def test_a_stop_leaves_what_it_has_no_time_for_to_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"own-stop-{number}" for number in range(8)]
    with monkeypatch.context() as settings:
        settings.setenv("GATELENS_COLLECTOR__WRITER__STOP_TIMEOUT", "0")
        with RunningGatelens(tmp_path) as gatelens, httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            for key in keys:
                while not _send(client, gatelens.addresses, key):
                    time.sleep(0.1)
    with RunningGatelens(tmp_path) as gatelens:
        _wait_until_stored(gatelens)
        assert _stored(gatelens) == dict.fromkeys(keys, (_LINES, _LINES))
