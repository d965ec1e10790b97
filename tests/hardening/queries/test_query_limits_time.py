"""Queries that ClickHouse does not stop, and more of them than can run: everything else goes on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from storage.errors import QueryLimitExceeded
from storage.guard import QueryLimits
from storage.reader import Reader, reader
from storage.store import Store
from tests.patience import PATIENCE
from tests.running import RunningGatelens

# Some seconds within one function, far beyond its limit, in which ClickHouse does not look at the clock.
_UNSTOPPABLE = "SELECT arrayLevenshteinDistance(range(30000), range(30000))"
_HEAVY = "SELECT sum(sipHash64(a.number, b.number)) FROM numbers(1000000) AS a CROSS JOIN numbers(1000000) AS b"
_CLIENTS = 60


def test_a_reader_that_is_stuck_is_replaced(store: Store) -> None:
    limits = QueryLimits(max_seconds=1, max_result_rows=999).settings()
    before = store.abandoned
    for _ in range(2):
        with pytest.raises(QueryLimitExceeded, match="has not ended"):
            store.read_only(_UNSTOPPABLE, "TSV", limits, seconds=0.2)
    assert store.abandoned == before + 2
    # Both places are free again, while the first two may still count.
    assert store.read_only("SELECT 1", "TSV", limits, seconds=PATIENCE) == b"1\n"


def test_nothing_else_waits_for_a_stuck_reader(store: Store) -> None:
    people: Reader = reader(store, max_seconds=1)
    apart = store.apart(1, seconds=PATIENCE)
    with ThreadPoolExecutor(2) as clients:
        running = [clients.submit(people.run, _HEAVY, "csv") for _ in range(2)]
        assert apart.rows("SELECT 1") == [(1,)]
        for future in running:
            with pytest.raises(QueryLimitExceeded):
                future.result(PATIENCE)


def test_health_and_pages_answer_beside_more_queries_than_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"MAX_SECONDS": "2", "MAX_WAITING": "4", "MAX_WAIT": "1"}.items():
        monkeypatch.setenv(f"GATELENS_QUERY__{name}", value)
    with RunningGatelens(tmp_path) as gatelens:
        web = gatelens.addresses.web

        def ask(_: int) -> httpx.Response:
            return httpx.post(f"{web}/api/v1/query", json={"sql": _HEAVY}, timeout=PATIENCE, trust_env=False)

        with ThreadPoolExecutor(_CLIENTS) as clients:
            asked = [clients.submit(ask, number) for number in range(_CLIENTS)]
            for path in ("/healthz", "/readyz", "/metrics", "/api/v1/reports/usage", "/"):
                assert httpx.get(f"{web}{path}", timeout=PATIENCE, trust_env=False).status_code == 200
            answers = [future.result(PATIENCE) for future in asked]
        turned_away = [answer for answer in answers if answer.status_code == 503]
        assert {answer.status_code for answer in answers} == {422, 503}
        # Two that run and four that wait are all that are taken in at a time.
        assert len(turned_away) >= _CLIENTS / 2
        assert {answer.json()["kind"] for answer in turned_away} == {"QueryQueueFull"}
        assert all(answer.headers["Retry-After"] == "5" for answer in turned_away)
        metrics = httpx.get(f"{web}/metrics", timeout=PATIENCE, trust_env=False).text
        assert 'reason="queue_full"' in metrics
        one = httpx.post(f"{web}/api/v1/query", json={"sql": "SELECT 1"}, timeout=PATIENCE, trust_env=False)
        assert one.status_code == 200
