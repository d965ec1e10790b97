"""Who gets what on the port of the pages, and how signing in goes over the wire."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.access.gate import ANYBODY, LOCAL
from storage.access.database import AccessDatabase
from tests.dashboards.access.gated_port import HTML, LOCAL_TOKEN, RIGHT, SENDER_TOKEN, TOKEN, Port

_WRONG = "wrong"


@pytest.fixture
def make_port(tmp_path: Path) -> Any:
    database = AccessDatabase(tmp_path)
    yield lambda **settings: Port(database, **settings)
    database.close()


@pytest.fixture
def port(make_port: Callable[..., Port]) -> Port:
    """One with an administrator."""
    made = make_port()
    made.administrators.create("ann", RIGHT, 0)
    return made


def test_on_loopback_everything_is_open_until_there_is_an_administrator(make_port: Callable[..., Port]) -> None:
    port = make_port()
    assert port.ask("GET", "/").json()["is_known"] is True
    port.administrators.create("ann", RIGHT, 0)
    assert port.ask("GET", "/api/v1/segments").status_code == 401
    assert make_port(allow_unauthenticated=True, is_loopback=False).ask("GET", "/").status_code == 200


@pytest.mark.parametrize(
    "settings", [{"is_loopback": False}, {"mode": "required"}, {"mode": "required", "allow_unauthenticated": True}]
)
def test_elsewhere_it_is_closed_before(make_port: Callable[..., Port], settings: dict[str, Any]) -> None:
    port = make_port(**settings)
    assert port.ask("GET", "/api/v1/segments").status_code == 401
    assert "gatelens admin link" in port.ask("GET", "/sign-in").text


def test_strangers_are_led_to_the_sign_in_page_and_programs_get_an_error(port: Port) -> None:
    page = port.ask("GET", "/apis?environment=blue&from=now-6h", headers=HTML)
    assert (page.status_code, page.headers["location"]) == (
        303, "/sign-in?next=/apis%3Fenvironment%3Dblue%26from%3Dnow-6h",
    )  # fmt: skip
    assert port.ask("GET", "/", headers=HTML).headers["location"] == "/sign-in"
    for method, path in (
        ("GET", "/api/v1/segments"), ("POST", "/api/v1/query"), ("GET", "/api/v1/openapi.json"), ("GET", "/metrics"),
        ("POST", "/_dash-update-component"), ("GET", "/_dash-layout"), ("GET", "/"), ("POST", "/"), ("GET", "/assets"),
        ("GET", "/sign-in/other"), ("GET", "//assets/"), ("GET", "/ASSETS/"),
    ):  # fmt: skip
        answer = port.ask(method, path, headers=HTML if path.startswith("/_dash") else {})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), path
        assert "gatelens token create" in answer.json()["error"]


def test_health_is_open_and_keeps_its_reasons_to_itself(port: Port) -> None:
    assert port.ask("GET", "/healthz").status_code == 200
    assert port.ask("GET", "/readyz").json()["is_known"] is False
    assert port.ask("GET", "/readyz", headers=TOKEN).json()["is_known"] is True
    assert port.ask("GET", "/assets/favicon.svg").status_code == 200


def test_a_token_reads_the_api_and_draws_no_pages(port: Port, make_port: Callable[..., Port]) -> None:
    for path in ("/api/v1/segments", "/metrics"):
        assert port.ask("GET", path, headers=TOKEN).status_code == 200
        assert port.ask("GET", path, headers={"Authorization": "Bearer glr_of-nobody"}).status_code == 401
        assert port.ask("GET", path, headers={"Authorization": "Basic glr_of-a-dashboard"}).status_code == 401
    for path in ("/", "/_dash-layout"):
        assert port.ask("GET", path, headers=TOKEN).status_code == 401
    assert make_port(open_metrics=True).ask("GET", "/metrics").status_code == 200


def test_signing_in_and_out(port: Port) -> None:
    answer = port.sign_in(wanted="/apis?from=now-6h")
    assert (answer.status_code, answer.headers["location"]) == (303, "/apis?from=now-6h")
    [cookie] = answer.headers.get_list("set-cookie")
    assert re.fullmatch(r"gatelens-session=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", cookie), cookie
    assert port.ask("GET", "/").json()["is_known"] is True
    kept = httpx.Cookies(port.cookies)
    answer = port.ask("POST", "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert list(port.cookies) == []
    port.cookies = kept
    assert port.ask("GET", "/").status_code == 401


def test_over_tls_the_cookie_goes_nowhere_else(port: Port) -> None:
    [cookie] = port.sign_in(scheme="https").headers.get_list("set-cookie")
    assert cookie.startswith("__Host-gatelens-session=")
    assert "; Secure" in cookie
    assert "; Path=/;" in cookie
    assert "Domain" not in cookie
    assert port.ask("GET", "/", scheme="https").status_code == 200


def test_a_session_is_another_after_signing_in_again(port: Port) -> None:
    port.sign_in()
    before = httpx.Cookies(port.cookies)
    port.sign_in()
    assert port.ask("GET", "/").status_code == 200
    port.cookies = before
    assert port.ask("GET", "/").status_code == 401


def test_afterwards_nobody_is_led_elsewhere(port: Port) -> None:
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert port.sign_in(wanted=wanted).headers["location"] == "/"
    # Who is signed in already goes on at once.
    answer = port.ask("GET", "/sign-in", params={"next": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_wrong_name_is_answered_as_a_wrong_password_is(port: Port) -> None:
    password, name = port.sign_in(password=_WRONG), port.sign_in(name="bob")
    assert (password.status_code, name.status_code) == (403, 403)
    assert password.text.replace('value="ann"', "") == name.text.replace('value="bob"', "")
    assert "The name or the password is wrong." in name.text
    assert list(port.cookies) == []


def test_what_was_typed_is_shown_as_text(port: Port) -> None:
    answer = port.sign_in(name='"><script>alert(1)</script>', wanted='/"><b>')
    assert "<script" not in answer.text
    assert "<b>" not in answer.text


def test_guesses_of_one_peer_are_slowed_down(port: Port) -> None:
    assert [port.sign_in(password=f"guess-{n}").status_code for n in range(7)] == [403] * 5 + [429] * 2
    slow = port.sign_in()
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "20")
    assert "try again in 20 seconds" in slow.text
    assert port.sign_in(peer="192.0.2.8").status_code == 303
    port.clock.now += 20
    assert port.sign_in().status_code == 303


def test_guesses_of_many_peers_are_slowed_down_together(port: Port) -> None:
    found = [port.sign_in(password=_WRONG, peer=f"192.0.2.{n}").status_code for n in range(22)]
    assert found == [403] * 20 + [429] * 2
    # Nor does another spelling of the same name get more of them.
    assert port.sign_in(name="\uff41nn", password=_WRONG, peer="192.0.2.98").status_code == 429
    assert port.sign_in(name="bob", peer="192.0.2.99").status_code == 403
    port.clock.now += 10
    assert port.sign_in(peer="192.0.2.100").status_code == 303


@pytest.mark.parametrize(
    "more",
    [
        {"json": {"name": "ann", "password": RIGHT}},
        {"content": b"name=ann&password=correct+horse+battery", "headers": {"Content-Type": "text/plain"}},
        {"data": {"name": "ann", "password": RIGHT, "more": "x" * 20_000}},
        {"data": {"name": "ann", "password": RIGHT} | {str(n): "x" for n in range(20)}},
        {"content": b"\xff\xfe=%ff&&&==", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {},
    ],
)  # fmt: skip
def test_what_is_no_form_signs_nobody_in(port: Port, more: dict[str, Any]) -> None:
    assert port.ask("POST", "/sign-in", **more).status_code == 403
    assert port.ask("POST", "/setup", **more).status_code == 410


def test_the_link_of_the_first_start(make_port: Callable[..., Port]) -> None:
    port = make_port(is_loopback=False)
    link = port.administrators.new_link(port.clock.now)
    form = {"token": link, "name": "ann", "password": RIGHT, "repeated": RIGHT}
    assert "Set up the administrator" in port.ask("GET", "/setup", params={"token": link}).text
    assert port.ask("GET", "/setup", params={"token": link[:-1]}).status_code == 410
    assert port.ask("GET", "/setup").status_code == 410

    assert "not the same" in port.ask("POST", "/setup", data=form | {"repeated": "x"}).text
    assert "12 characters or more" in port.ask("POST", "/setup", data=form | {"password": "x", "repeated": "x"}).text
    answer = port.ask("POST", "/setup", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert port.ask("GET", "/").json()["is_known"] is True
    assert port.ask("POST", "/setup", data=form).status_code == 410


def test_a_database_that_cannot_be_read_lets_nobody_in(port: Port) -> None:
    port.sign_in()
    with port.database.transaction() as connection:
        connection.execute("PRAGMA query_only = 1")
    port.clock.now += 600
    # Only that the session is used cannot be written down.
    assert port.ask("GET", "/").status_code == 200
    port.database.close()
    for method, path in (
        ("GET", "/"),
        ("GET", "/sign-in"),
        ("GET", "/setup"),
        ("POST", "/setup"),
        ("POST", "/sign-out"),
    ):
        answer = port.ask(method, path)
        assert (answer.status_code, "access.sqlite" in answer.text) == (503, False), path
    assert port.sign_in().status_code == 503
    assert port.ask("GET", "/healthz").status_code == 200
    assert port.ask("GET", "/readyz").json()["is_known"] is False


def test_in_whose_name_something_is_changed(make_port: Callable[..., Port]) -> None:
    port = make_port()

    def writer(**more: Any) -> str:
        return str(port.ask("POST", "/api/v1/silences", **more).json()["writer"])

    assert writer() == ANYBODY
    assert writer(headers={"Authorization": f"Bearer {LOCAL_TOKEN}"}) == LOCAL
    port.administrators.create("ann", RIGHT, 0)
    assert writer(headers=TOKEN) == ""
    assert writer(headers={"Authorization": f"Bearer {LOCAL_TOKEN}"}) == LOCAL
    port.sign_in()
    assert writer() == "ann"


def test_a_token_for_sending_annotates_and_does_nothing_else(port: Port) -> None:
    sender = {"Authorization": f"Bearer {SENDER_TOKEN}"}
    assert port.ask("POST", "/api/v1/annotations", headers=sender).json()["writer"] == "pipeline"
    others = (("GET", "/api/v1/annotations"), ("DELETE", "/api/v1/annotations/1"), ("POST", "/api/v1/silences"))
    for method, path in (*others, ("POST", "/x")):
        assert port.ask(method, path, headers=sender).status_code == 401
