"""View-only links over HTTP: what can be shared, by whom, and for how long."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from dashboards.api.shared_links import shared_links_api
from dashboards.page import Group, Page
from dashboards.site.shared_links import Sharing
from storage.access.database import AccessDatabase
from storage.access.shared_links import SharedLinks

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PAGES = (
    Page("/apis", "APIs", "api", Group.OBSERVE, has_items=True, is_shareable=lambda view: view.tab != "edit"),
    Page("/sql", "SQL", "terminal-2", Group.INVESTIGATE),
)


class Port:
    """The API as somebody sees it."""

    def __init__(self, links: SharedLinks) -> None:
        self.links = links
        self.writer = "ann"
        self.is_required = True
        sharing = Sharing(
            links,
            lambda path: next((page for page in _PAGES if page.shows(path)), None),
            lambda: _NOW,
            lambda: self.is_required,
        )
        self.app = FastAPI(openapi_url=None)
        self.app.include_router(shared_links_api(links, sharing.share, lambda: _NOW))

        @self.app.middleware("http")
        async def known(request: Request, call_next: Any) -> Response:
            request.state.writer = self.writer
            answer: Response = await call_next(request)
            return answer

    def ask(self, method: str, path: str = "", status: int = 200, **body: Any) -> Any:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gatelens") as client:
                return await client.request(method, f"/api/v1/shared-links{path}", json=body or None)

        answer = asyncio.run(asked())
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    database = AccessDatabase(tmp_path)
    yield Port(SharedLinks(database))
    database.close()


def test_a_link_is_made_listed_and_revoked(port: Port) -> None:
    made = port.ask("POST", address="/apis/orders?from=now-6h&environment=prod", lasts="1d")
    assert (made["title"], made["created_by"]) == ("orders · APIs", "ann")
    # As every page writes it, whatever an older link says.
    assert made["address"] == "/apis/orders?from=now-6h&filter=environment%3Dprod"
    assert made["expires_at"] == "2026-03-03T12:00:00+00:00"
    page, _, secret = made.pop("link").partition("#")
    assert page == "http://gatelens/shared"
    found = port.links.find(secret, _NOW.timestamp())
    assert found is not None
    assert port.ask("GET") == {"shared_links": [made]}
    port.ask("DELETE", f"/{made['id']}")
    assert port.links.find(secret, _NOW.timestamp()) is None
    assert "no view-only link" in port.ask("DELETE", f"/{made['id']}", 404)["error"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"address": "/sql?sql=SELECT+1"}, "cannot be shared"),
        ({"address": "/apis/orders?tab=edit"}, "cannot be shared"),
        ({"address": "/nothing"}, "cannot be shared"),
        ({"address": "https://example.com/apis"}, "cannot be shared"),
        ({"address": "/apis", "lasts": "91d"}, "at most 90 days"),
        ({"address": "/apis?filter=nonsense"}, "nonsense"),
        ({"address": "/apis?from=whenever"}, "whenever"),
    ],
)
def test_what_cannot_be_shared(port: Port, body: dict[str, str], told: str) -> None:
    answer = port.ask("POST", "", 400, **body)
    assert answer["kind"] == "InvalidSharedLink"
    assert told in answer["error"]
    assert port.ask("GET") == {"shared_links": []}


def test_where_nobody_signs_in_there_is_nothing_to_open(port: Port) -> None:
    port.is_required = False
    assert "No sign-in is required" in port.ask("POST", "", 400, address="/apis")["error"]


def test_a_token_for_reading_makes_and_revokes_none(port: Port) -> None:
    made = port.ask("POST", address="/apis")
    port.writer = ""
    port.ask("POST", "", 403, address="/apis")
    port.ask("DELETE", f"/{made['id']}", 403)
    assert len(port.ask("GET")["shared_links"]) == 1
