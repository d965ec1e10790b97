"""What is asked outside of pages' questions: one request by its id, Explain, the simulation of a policy, sizes."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from processors.explain.explain import explain
from processors.explain.explanation import ChangeQuestion
from processors.explain.measures import explained_measure
from processors.explorer.requests import find_requests
from processors.query.filters import Filter
from processors.query.questions import Questions
from processors.simulation.policies import RateLimit
from processors.simulation.simulate import simulate
from processors.time.window import HOUR, Window
from processors.topology.hops import hops
from storage.store import Store
from tests.bench.queries.stopwatch import Took, middle, p95, since, stopwatch

_WEEK = timedelta(days=7)
_IDS = 8


def single_figures(store: Store, now: datetime, rounds: int) -> list[dict[str, Any]]:
    """A row for each; milliseconds."""
    week = Window(now - _WEEK, now)
    hour = Window(now - HOUR, now)
    questions = Questions(store, lambda: now)
    ids = store.rows(
        "SELECT request_id, trace_id FROM requests WHERE trace_id != '' AND time < {now:DateTime64(6, 'UTC')}"
        " AND cityHash64(request_id) % 1009 = 0 ORDER BY cityHash64(request_id) LIMIT {ids:UInt32}",
        {"ids": _IDS, "now": now},
    )
    api = (Filter("api", values=("api-3",)),)
    limit = RateLimit(limit=100)

    def explained(name: str) -> object:
        return explain(store, questions, ChangeQuestion(explained_measure(name), hour, hour.before()))

    jobs: list[tuple[str, Sequence[Callable[[], object]]]] = [
        ("list of requests by request id, 7 days",
         [partial(find_requests, store, week, (), text=one) for one, _ in ids]),
        ("hops of a call by request id, 7 days", [partial(hops, store, one, week) for one, _ in ids]),
        ("hops of a call by trace id, 7 days", [partial(hops, store, one, week) for _, one in ids]),
        *(
            (f"Explain {name}, an hour against the one before", [partial(explained, name)])
            for name in ("errors", "error_rate", "p95", "requests")
        ),
        ("simulation of a rate limit, 7 days of one API", [partial(simulate, store, limit, week, api)]),
    ]  # fmt: skip
    return [{"what": what, **_timed([*work] * rounds if len(work) == 1 else work)} for what, work in jobs]


def _timed(jobs: Sequence[Callable[[], object]]) -> dict[str, float]:
    took: list[Took] = []
    for job in [jobs[0], *jobs]:
        started = stopwatch()
        job()
        took.append(since(started))
    counted = took[1:]
    return {
        "cpu_ms": middle(one.cpu_ms for one in counted),
        "cpu_ms_p95": p95(one.cpu_ms for one in counted),
        "ms": middle(one.ms for one in counted),
        "ms_p95": p95(one.ms for one in counted),
    }


def sizes(store: Store) -> list[dict[str, Any]]:
    """Bytes of each table, in all and for each request that is stored."""
    ((stored,),) = store.rows("SELECT count() FROM requests")
    found = store.rows(
        "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
        " GROUP BY table HAVING sum(bytes_on_disk) > 1e5 ORDER BY sum(bytes_on_disk) DESC"
    )
    return [
        {"table": table, "rows": rows, "bytes": size, "bytes_a_request": round(size / max(1, stored), 2)}
        for table, rows, size in found
    ]
