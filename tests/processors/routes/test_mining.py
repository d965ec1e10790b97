from itertools import product

import pytest

from processors.routes.mining import Tree
from processors.routes.segments import typed
from processors.routes.templates import Templates
from tests.bench.route_quality import public_apis, quality


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("42", "{id}"),
        ("-4.5", "{id}"),
        ("0b6ee2a0-71c8-4d0e-9b3f-0b7a5a1c2d3e", "{id}"),
        ("2026-11-23", "{id}"),
        ("ann@example.org", "{id}"),
        ("3f786850e387550fdab836ed7e6dc881de23001b", "{id}"),
        ("cus_NffrFeUfNVnDGe", "{id}"),
        ("orders", "orders"),
        ("v2", "v2"),
        ("oauth2", "oauth2"),
        ("feedback", "feedback"),
        ("payment_intents", "payment_intents"),
        ("{orderId}", "{orderId}"),
    ],
)
def test_values_are_recognised_by_their_looks(segment: str, expected: str) -> None:
    assert typed(segment) == expected


@pytest.mark.parametrize("api", ["github", "stripe", "spotify"])
def test_templates_of_public_apis_are_found(api: str) -> None:
    found = quality(public_apis()[api], seed=7)
    assert found.precision >= 0.9
    assert found.recall >= 0.95
    assert found.requests_right >= 0.99


def test_the_words_of_an_api_stay_words() -> None:
    words = [(f"/shop/{name * 3}", 500 + place) for place, name in enumerate("abcdefghijklmnopqrstuvwxyz")]
    assert Tree(words).templates() == []
    seldom = [(f"/shop/{name * 3}", 1) for name in "abcdefghijklmnopqrstuvwxyz"]
    assert Tree(seldom).templates() == []


def test_a_tree_has_a_limit() -> None:
    names = ("".join(letters) for letters in product("abcdefghijklmnop", repeat=4))
    tree = Tree((f"/users/{name}", 1) for name in names)
    assert tree.is_full
    assert tree.templates() == ["/users/{value}"]


def test_a_literal_wins_over_a_value() -> None:
    templates = Templates(["/pets/{id}", "/pets/mine", "/{kind}/mine/toys"])
    assert templates.match("/pets/mine") == "/pets/mine"
    assert templates.match("/pets/{petId}") == "/pets/{id}"
    assert templates.match("/pets/mine/toys") == "/{kind}/mine/toys"
    assert templates.match("/pets") == ""
