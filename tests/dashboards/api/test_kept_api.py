"""Annotations and dashboards over HTTP, with the store behind them: who may write, and what is there afterwards."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from dashboards.api.annotations import annotations_api
from dashboards.api.custom_dashboards import dashboards_api
from dashboards.api.saved_views import saved_views_api
from processors.annotations.annotation_store import AnnotationStore
from processors.custom_dashboards.dashboard_store import DashboardStore
from processors.errors import InvalidSavedView, UnknownEntry
from processors.saved_views.saved_view import SavedView
from processors.saved_views.saved_view_store import SavedViewStore
from storage.store import Store

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_YAML = "# ours\npanels:\n- title: Rate\n  draw: figure\n  measures: [rate]\n"


@dataclass
class Port:
    """The API as somebody sees it; each request is a second after the one before."""

    store: Store
    writer: str = "ann"
    now: datetime = _NOW

    def __post_init__(self) -> None:
        self.app = FastAPI(openapi_url=None)
        self.app.include_router(annotations_api(AnnotationStore(self.store), lambda: self.now))
        self.app.include_router(dashboards_api(DashboardStore(self.store), lambda: self.now))
        self.app.include_router(saved_views_api(SavedViewStore(self.store), lambda: self.now))

        @self.app.middleware("http")
        async def known(request: Request, call_next: Any) -> Response:
            request.state.writer = self.writer
            answer: Response = await call_next(request)
            return answer

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gatelens") as client:
                return await client.request(method, f"/api/v1{path}", **more)

        self.now += timedelta(seconds=1)
        answer = asyncio.run(asked())
        assert answer.status_code == status, answer.text
        return answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text


@pytest.fixture
def port(store: Store) -> Iterator[Port]:
    for table in ("annotations", "saved_views", "custom_dashboards"):
        store.command(f"TRUNCATE TABLE {table}")
    yield Port(store)


def _texts(port: Port, query: str = "") -> list[str]:
    return [one["text"] for one in port.ask("GET", f"/annotations{query}")["annotations"]]


def test_annotations_are_posted_listed_and_deleted(port: Port) -> None:
    posted = port.ask(
        "POST",
        "/annotations",
        json={
            "text": "orders 2.4.1", "tags": ["deployment"], "filters": ["api=orders", "environment=prod"],
            "start": "2026-03-02T11:50:00+00:00", "link": "https://ci.example.com/7",
        },
    )  # fmt: skip
    assert posted["created_by"] == "ann"
    port.ask("POST", "/annotations", json={"text": "outage", "start": "2026-02-28T08:00:00Z", "end": _NOW.isoformat()})
    port.ask("POST", "/annotations", json={"text": "now"})
    assert _texts(port) == ["now", "orders 2.4.1", "outage"]
    # What began before, and lasts into the range; the end of a range is not included.
    assert _texts(port, "?from=2026-03-02T11:00Z&to=2026-03-02T11:50Z") == ["outage"]
    assert _texts(port, "?filter=api=payments") == ["now", "outage"]
    assert _texts(port, "?tag=deployment") == ["orders 2.4.1"]
    found = next(one for one in port.ask("GET", "/annotations")["annotations"] if one["id"] == posted["id"])
    assert found == posted
    port.ask("DELETE", f"/annotations/{posted['id']}")
    assert _texts(port) == ["now", "outage"]
    assert "There is no annotation" in port.ask("DELETE", f"/annotations/{posted['id']}", 404)["error"]
    assert "swap" in port.ask("POST", "/annotations", 400, json={"text": "x", "end": "2020-01-01T00:00:00Z"})["error"]


def test_dashboards_go_in_and_come_out_as_they_were_written(port: Port) -> None:
    port.ask("PUT", "/dashboards/on%20call", content=_YAML)
    assert port.ask("GET", "/dashboards/on%20call") == _YAML
    changed = _YAML.replace("figure", "time_chart")
    port.ask("PUT", "/dashboards/on%20call", content=changed)
    assert port.ask("GET", "/dashboards/on%20call") == changed
    assert [one["name"] for one in port.ask("GET", "/dashboards")["dashboards"]] == ["on call"]
    assert "line 4" in port.ask("PUT", "/dashboards/x", 400, content=_YAML.replace("figure", "pie"))["error"]
    assert "UTF-8" in port.ask("PUT", "/dashboards/x", 400, content=b"\xff")["error"]
    assert "no name of a dashboard" in port.ask("PUT", "/dashboards/.hidden", 400, content=_YAML)["error"]
    port.ask("DELETE", "/dashboards/on%20call")
    port.ask("GET", "/dashboards/on%20call", 404)
    assert port.ask("GET", "/dashboards") == {"dashboards": []}


def test_a_token_for_reading_changes_nothing(port: Port) -> None:
    port.ask("PUT", "/dashboards/kept", content=_YAML)
    port.writer = ""
    port.ask("POST", "/annotations", 403, json={"text": "x"})
    port.ask("DELETE", "/annotations/1", 403)
    port.ask("PUT", "/dashboards/kept", 403, content="panels: []")
    port.ask("DELETE", "/dashboards/kept", 403)
    port.ask("PUT", "/saved-views/kept", 403, json={"address": "/"})
    port.ask("DELETE", "/saved-views/kept", 403)
    assert port.ask("GET", "/dashboards/kept") == _YAML


def test_saved_views_are_put_listed_and_deleted(port: Port) -> None:
    address = "/apis/orders?from=now-6h&filter=environment%3Dprod"
    port.ask("PUT", "/saved-views/orders%20%2F%20prod", json={"address": "/apis/orders"})
    put = port.ask("PUT", "/saved-views/orders%20%2F%20prod", json={"address": address})
    assert (put["name"], put["address"], put["updated_by"]) == ("orders / prod", address, "ann")
    assert port.ask("GET", "/saved-views") == {"saved_views": [put]}
    for elsewhere in (
        "https://example.com/x", "//example.com/x", "orders", "http://[", "/\\example.com", "/\t/example.com",
        "/\n/example.com", "/apis?a=\0",
    ):  # fmt: skip
        answer = port.ask("PUT", "/saved-views/x", 400, json={"address": elsewhere})
        assert answer["kind"] == "InvalidSavedView"
    port.ask("DELETE", "/saved-views/orders%20%2F%20prod")
    port.ask("DELETE", "/saved-views/orders%20%2F%20prod", 404)
    assert port.ask("GET", "/saved-views") == {"saved_views": []}


@pytest.mark.usefixtures("port")
def test_views_are_kept_by_name(store: Store) -> None:
    views = SavedViewStore(store)
    views.save(SavedView("orders", "/apis/orders", "?from=now-6h", "ann", _NOW))
    views.save(SavedView("orders", "/apis/orders", "?from=now-7d", "bob", _NOW + timedelta(seconds=1)))
    assert [(one.name, one.query, one.author) for one in views.load()] == [("orders", "?from=now-7d", "bob")]
    views.delete("orders", "ann", _NOW + timedelta(seconds=2))
    assert views.load() == []
    with pytest.raises(UnknownEntry):
        views.delete("orders", "ann", _NOW)
    # As an older Gatelens took it.
    columns = ("name", "path", "query", "updated_by", "deleted", "updated_at")
    store.insert("saved_views", columns, [["away", "/\\example.com", "", "ann", 0, _NOW + timedelta(seconds=3)]])
    assert views.load() == []
    for name, path in (("", "/"), ("elsewhere", "//example.com"), ("elsewhere", "https://example.com")):
        with pytest.raises(InvalidSavedView):
            SavedView(name, path, "", "ann", _NOW)
