from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from dashboards.api.catalogue import Catalogued, catalogue_api
from processors.catalogue.config import CataloguedApi
from processors.catalogue.document import Document, Operation
from processors.consumers.directory import ConsumerDirectory, KnownConsumer
from processors.query.questions import Questions
from processors.routes.decisions import RouteDecisions
from processors.routes.worker import RouteWorker
from storage.store import Store
from tests.dashboards.api.analysis_rig import served
from tests.patience import PATIENCE

_NOW = datetime(2026, 4, 7, 12, tzinfo=UTC)
_ORDERS = Document("api-orders", "Orders", "1", (Operation("GET", "/o/{order}", frozenset({"200"})),))


@pytest.fixture(scope="module")
def get(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Asks a Gatelens whose routes have been decided."""
    store.command(
        "INSERT INTO requests (time, environment, reporter, api, route, method, status, consumer) "
        "SELECT '2026-04-07 11:30:00', 'catalogue-api', 'gateway', 'api-orders', '/o/x', 'GET', 200 + number, 'id-1' "
        "FROM numbers(2)"
    )
    questions = Questions(store, lambda: _NOW)
    worker = RouteWorker(RouteDecisions(store, lambda: {"api-orders": _ORDERS.routes}, 10), lambda: _NOW)
    worker.run_once()
    known = ConsumerDirectory({"id-1": KnownConsumer(id="id-1", name="Shop", quota=4)})
    catalogued = Catalogued((CataloguedApi(name="api-orders", owner="Ann"),), (_ORDERS,), known)
    router = catalogue_api(store, questions, catalogued, lambda: worker.status, lambda: _NOW)
    with (
        served(tmp_path_factory.mktemp("data"), router) as address,
        httpx.Client(base_url=f"{address}/api/v1", timeout=PATIENCE) as client,
    ):
        yield client
    questions.close()


def test_the_catalogue(get: httpx.Client) -> None:
    entries = {entry["api"]: entry for entry in get.get("catalogue").json()["apis"]}
    orders = entries["api-orders"]
    assert (orders["state"], orders["owner"], orders["requests"]) == ("active", "Ann", 2)
    assert orders["last_seen"] == "2026-04-07T11:00:00+00:00"


def test_drift(get: httpx.Client) -> None:
    found = get.get("catalogue/api-orders/drift").json()
    expected = {"kind": "undocumented_status", "route": "/o/{order}", "method": "GET", "status": 201, "requests": 1}
    assert found["drift"] == [expected]
    missing = get.get("catalogue/nothing/drift")
    assert (missing.status_code, "has no document" in missing.json()["error"]) == (400, True)


def test_routes(get: httpx.Client) -> None:
    found = get.get("routes").json()
    assert {"api": "api-orders", "route": "/o/{order}", "reason": "document", "observed": 1} in found["routes"]
    assert found["last_run"]["fault"] == ""


def test_consumers(get: httpx.Client) -> None:
    found = get.get("consumers", params={"filter": "environment=catalogue-api"}).json()
    (shop,) = found["consumers"]
    assert (shop["name"], shop["requests"], shop["state"], shop["p95"]) == ("Shop", 2, "not compared", None)
    assert found["quotas"][0]["share"] == 0.5


def test_what_filters_nothing_takes_no_filter(get: httpx.Client) -> None:
    for path in ("catalogue", "catalogue/orders/drift"):
        answer = get.get(path, params={"filter": "environment=catalogue-api"})
        assert answer.status_code == 422, answer.text
