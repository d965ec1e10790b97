"""The traffic that the tests of reports count: real rows of `requests`, and what they must add up to."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from processors.query.questions import Questions
from processors.reports.usage import report_questions
from storage.store import Store

DAY = datetime(2026, 5, 10, tzinfo=UTC)

_ORDINARY: Mapping[str, Any] = {
    "gateway_kind": "envoy",
    "gateway": "edge",
    "reporter": "gateway",
    "api": "orders",
    "api_version": "v1",
    "route": "/orders/{id}",
    "method": "GET",
    "status": 200,
    "response_flags": "",
    "consumer": "mobile-app",
    "duration_us": 20_000,
    "request_bytes": 100,
    "response_bytes": 1_000,
}

Insert = Callable[..., None]


@pytest.fixture(scope="module")
def questions(store: Store) -> Iterator[Questions]:
    asked = report_questions(store, lambda: datetime.now(UTC))
    yield asked
    asked.close()


@pytest.fixture
def environment() -> str:
    return f"reports-{uuid4().hex}"


@pytest.fixture
def insert(store: Store, environment: str) -> Insert:
    """Inserts one kind of request `times` times, a second apart."""

    def _insert(time: datetime = DAY, times: int = 1, **columns: Any) -> None:
        _store(store, environment, _requests(time, times, **columns))

    return _insert


@pytest.fixture
def traffic(store: Store, environment: str) -> None:
    """Two days at a gateway, and a mesh whose two sidecars both report.

    Counted once: orders 5 + 2 + 1 + 1, stock 4 (destination) + 1 (never left the source).
    """
    mesh = {"gateway_kind": "mesh", "api": "stock", "api_version": "", "route": "", "consumer": "orders"}
    source = {**mesh, "reporter": "source", "gateway": "orders.shop"}
    destination = {**mesh, "reporter": "destination", "gateway": "stock.shop"}
    rows = [
        *_requests(DAY + timedelta(hours=1, minutes=7), 5),
        *_requests(DAY + timedelta(hours=2), 2, status=404, consumer="partner", method="POST"),
        *_requests(DAY + timedelta(hours=26, minutes=59), 1, status=503, consumer="partner"),
        *_requests(DAY + timedelta(hours=27), 1, status=0, consumer=""),
        *_requests(DAY + timedelta(hours=3), 4, **destination),
        *_requests(DAY + timedelta(hours=3), 4, **source),
        *_requests(DAY + timedelta(hours=4), 1, **source, status=503, response_flags="UF"),
    ]
    _store(store, environment, rows)


def _requests(time: datetime, times: int, **columns: Any) -> list[list[Any]]:
    values = {**_ORDINARY, **columns}.values()
    return [[time + timedelta(seconds=second), *values] for second in range(times)]


def _store(store: Store, environment: str, rows: list[list[Any]]) -> None:
    store.insert("requests", ["environment", "time", *_ORDINARY], [[environment, *row] for row in rows])
