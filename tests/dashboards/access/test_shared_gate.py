"""What a view-only link opens on the port of the pages, and what it does not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access.database import AccessDatabase
from storage.access.shared_links import SharedLink
from tests.dashboards.access.gated_port import HTML, RIGHT, Port


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    """One with an administrator."""
    database = AccessDatabase(tmp_path)
    made = Port(database)
    made.administrators.create("ann", RIGHT, 0)
    yield made
    database.close()


def _share(port: Port, title: str, path: str, query: str = "") -> tuple[SharedLink, str]:
    now = port.clock.now
    return port.links.create(title, path, query, "ann", now, now + 3600)


def _open(port: Port, secret: str) -> httpx.Response:
    return port.ask("POST", "/shared", data={"secret": secret})


def test_a_view_only_link_opens_its_page_and_what_that_asks(port: Port) -> None:
    _, secret = _share(port, "no API", "/apis/%28no%20API%29", "?from=now-6h")
    page = port.ask("GET", "/shared", headers=HTML)
    assert (page.status_code, secret in page.text) == (200, False)
    assert port.ask("GET", "/shared/open.js").status_code == 200
    opened = _open(port, secret)
    assert (opened.status_code, opened.headers["location"]) == (303, "/apis/%28no%20API%29?from=now-6h")
    assert "httponly" in opened.headers["set-cookie"].lower()
    for method, path in (
        ("GET", "/apis/%28no%20API%29?from=now-6h"),
        ("POST", "/page/frame"),
        ("POST", "/page/data"),
        ("POST", "/page/signs"),
        ("POST", "/page/xlsx"),
        ("GET", "/page/panels/routes.csv"),
        ("GET", "/_dash-layout"),
    ):
        assert port.ask(method, path).json() == {"is_known": False, "writer": "", "shared": ["no API"]}, path


def test_a_view_only_link_opens_nothing_else(port: Port) -> None:
    _open(port, _share(port, "orders", "/apis/orders")[1])
    for method, path in (
        ("GET", "/apis"),
        ("POST", "/apis/orders"),
        ("POST", "/page/forms/save-view"),
        ("GET", "/page/search"),
        ("POST", "/page/sql"),
        ("GET", "/api/v1/measures"),
        ("POST", "/api/v1/query"),
        ("POST", "/api/v1/shared-links"),
        ("GET", "/metrics"),
        ("POST", "/_dash-update-component"),
    ):
        answer = port.ask(method, path)
        assert (answer.status_code, answer.json()["kind"]) == (403, "NotShared"), path
    # A person is asked to sign in.
    assert port.ask("GET", "/apis", headers=HTML).headers["location"] == "/sign-in?next=/apis"
    assert port.ask("GET", "/readyz").json()["is_known"] is False


def test_a_view_only_link_ends(port: Port) -> None:
    link, secret = _share(port, "orders", "/apis/orders")
    other, _ = _share(port, "overview", "/")
    _open(port, secret)
    assert port.ask("GET", "/apis/orders").status_code == 200
    port.links.revoke(link.id)
    assert port.ask("GET", "/apis/orders").status_code == 401
    assert _open(port, secret).status_code == 410
    assert _open(port, other.id).status_code == 410
    _, later = _share(port, "orders", "/apis/orders")
    _open(port, later)
    port.clock.now += 3600
    assert port.ask("GET", "/apis/orders").status_code == 401
    assert _open(port, later).status_code == 410


def test_who_is_signed_in_sees_all_whatever_links_were_opened(port: Port) -> None:
    _open(port, _share(port, "orders", "/apis/orders")[1])
    port.sign_in()
    assert port.ask("GET", "/apis").json() == {"is_known": True, "writer": "ann", "shared": []}


def test_the_link_that_is_opened_last_opens_its_page_however_many_went_before(port: Port) -> None:
    for number in range(12):
        _, secret = _share(port, f"api-{number}", f"/apis/api-{number}")
        _open(port, secret)
        assert port.ask("GET", f"/apis/api-{number}").status_code == 200
    assert len(port.cookies) == 10
    assert port.ask("GET", "/apis/api-2").status_code == 200
    assert port.ask("GET", "/apis/api-1").status_code == 403
