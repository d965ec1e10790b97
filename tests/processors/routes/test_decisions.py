from datetime import UTC, datetime, timedelta

import pytest

from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.routes.decisions import NOT_FOUND, OTHER, RouteDecisions, decided_routes
from processors.time.window import Window
from storage.store import Store

_START = datetime(2026, 4, 5, 10, tzinfo=UTC)
_WINDOW = Window(_START, _START + timedelta(hours=1))


def _requests(store: Store, api: str, routes: dict[str, tuple[int, int]]) -> None:
    """So many requests of each route, with a status."""
    rows = [
        (_START.isoformat(), "routes", "gateway", api, route, status)
        for route, (requests, status) in routes.items()
        for _ in range(requests)
    ]
    store.insert("requests", ("time", "environment", "reporter", "api", "route", "status"), rows)


def _by_route(store: Store, api: str) -> dict[str, int]:
    """The requests of an API by route, as every question about routes has them."""
    questions = Questions(store, lambda: _WINDOW.end)
    filters = (Filter("api", values=(api,)),)
    frame = questions.ask(Question(("requests",), _WINDOW, ("route",), filters)).frame
    questions.close()
    return dict(zip(frame["route"], frame["requests"], strict=True))


def _decided(store: Store, api: str) -> int:
    """Of how many routes it is decided what they are called. A run also decides about what other tests have left."""
    return sum(observed for *_, observed in decided_routes(store, api))


def _user(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_documents_name_routes_and_what_is_not_found_stays_with_its_api(store: Store) -> None:
    routes = {
        "/pets/{id}": (5, 200),
        "/pets/rex": (3, 200),
        "/pets/mine": (2, 404),
        "/wp-login.php": (4, 404),
        "/admin": (1, 200),
    }
    _requests(store, "pets", routes)
    decisions = RouteDecisions(store, lambda: {"pets": ["/pets/{petId}", "/pets/mine"]}, 100)
    run = decisions.run(_WINDOW)
    assert not {"pets"} & {*run.capped, *run.full}
    assert _decided(store, "pets") == 3
    assert _by_route(store, "pets") == {"/pets/{petId}": 8, "/pets/mine": 2, NOT_FOUND: 4, "/admin": 1}
    assert decisions.run(_WINDOW).decided == 0
    assert _decided(store, "pets") == 3


def test_mined_routes_are_stable(store: Store) -> None:
    _requests(store, "users", {f"/users/{_user(number)}/posts": (1, 200) for number in range(400)})
    decisions = RouteDecisions(store, dict, 100)
    decisions.run(_WINDOW)
    assert _by_route(store, "users") == {"/users/{value}/posts": 400}
    # On its own this would be no value: it is one because that was decided before.
    later = Window(_WINDOW.start + timedelta(days=1), _WINDOW.end + timedelta(days=1))
    store.command(
        "INSERT INTO requests (time, environment, reporter, api, route, status) "
        "VALUES ('2026-04-06 10:00:00', 'routes', 'gateway', 'users', '/users/zoe/posts', 200)"
    )
    before = _decided(store, "users")
    decisions.run(later)
    assert _decided(store, "users") == before + 1
    assert store.rows("SELECT route_name('users', '/users/zoe/posts')") == [("/users/{value}/posts",)]


def test_an_api_has_so_many_routes_and_says_when_they_are_more(store: Store) -> None:
    _requests(store, "wide", {f"/wide/{_user(number)}": (100 - number, 200) for number in range(30)})
    decisions = RouteDecisions(store, dict, 20)
    run = decisions.run(_WINDOW)
    assert "wide" in run.capped
    assert any("API wide has more routes" in text and "Give it a document" in text for text in run.warnings)
    found = _by_route(store, "wide")
    assert len(found) == 21
    assert found[OTHER] == sum(100 - number for number in range(20, 30))
    assert "wide" in decisions.run(_WINDOW).capped


def test_the_names_that_are_kept_have_a_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.routes.decisions._MOST_DECIDED", 3)
    _requests(store, "many", {f"/many/{number}": (10 - number, 200) for number in range(5)})
    decisions = RouteDecisions(store, dict, 100)
    run = decisions.run(_WINDOW)
    assert "many" in run.full
    assert _decided(store, "many") == 3
    assert _by_route(store, "many") == {"/many/{id}": 10 + 9 + 8, "/many/3": 7, "/many/4": 6}
    assert decisions.run(_WINDOW).decided == 0


def test_questions_filter_by_the_decided_name(store: Store) -> None:
    _requests(store, "filtered", {"/things/a": (2, 200), "/things/b": (3, 200)})
    RouteDecisions(store, lambda: {"filtered": ["/things/{thing}"]}, 100).run(_WINDOW)
    questions = Questions(store, lambda: _WINDOW.end)
    filters = (Filter("api", values=("filtered",)), Filter("route", values=("/things/{thing}",)))
    assert questions.ask(Question(("requests",), _WINDOW, (), filters)).frame["requests"].tolist() == [5]
    questions.close()
