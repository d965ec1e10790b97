"""What the tests of alerting share: a webhook, and requests in the store."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from storage.store import Store
from tests.processors.alerts.hook import Hook

AddRequests = Callable[..., None]

# That an engine reads at its start.
TABLES = (
    "alert_states", "alert_notification_log", "alert_silences", "alert_acknowledgements", "alert_rules", "alert_rounds",
    "alert_deliveries",
)  # fmt: skip

_DEFAULTS: dict[str, Any] = {
    "gateway_kind": "flex",
    "gateway": "edge",
    "reporter": "gateway",
    "api": "orders",
    "api_version": "v1",
    "status": 200,
    "fault": "",
    "duration_us": 10_000,
    "upstream_us": None,
}


@pytest.fixture
def hook() -> Iterator[Hook]:
    opened = Hook()
    yield opened
    opened.close()


@pytest.fixture
def add_requests(store: Store) -> AddRequests:
    """Insert `count` equal requests of an environment at a time; columns as keywords."""

    def add(environment: str, time: datetime, count: int = 1, **columns: Any) -> None:
        row = {"environment": environment, "time": time, **_DEFAULTS, **columns}
        store.insert("requests", tuple(row), [tuple(row.values())] * count)

    return add
