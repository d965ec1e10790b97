"""Readers of one view share what is drawn for one of them."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.site.encoding import Drawn, changed, drawn
from dashboards.site.viewers import Viewers
from dashboards.state.view import View

_VIEW = View("/", refresh="10s")


class Page:
    """Counts how often it is drawn; its clock stands still until it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.times = 0
        self.viewers = Viewers(lambda: self.now)

    def draw(self) -> Mapping[str, Drawn]:
        self.times += 1
        return {"body": drawn([self.times])}

    def shown(self, view: View = _VIEW, *, is_timed: bool = True) -> str:
        return bytes(self.viewers.drawn(view, self.draw, is_timed=is_timed)["body"].content).decode()


def test_twenty_readers_are_drawn_for_once_in_half_a_refresh() -> None:
    page = Page()
    assert {page.shown() for _ in range(20)} == {"[1]"}
    page.now += timedelta(seconds=4.9)
    assert page.shown() == "[1]"
    page.now += timedelta(seconds=0.1)
    assert page.shown() == "[2]"
    page.now += timedelta(seconds=10)
    assert page.shown() == "[3]", "one reader alone always sees what is new"


def test_who_asks_by_hand_sees_what_is_there_now_and_the_others_then_too() -> None:
    page = Page()
    page.shown()
    assert page.shown(is_timed=False) == "[2]"
    assert page.shown() == "[2]"


@pytest.mark.parametrize(
    "other",
    [View("/apis"), View("/", zone="Europe/Berlin"), View("/", browser_zone="Asia/Tokyo"), View("/", fault="x")],
)
def test_what_is_not_the_same_is_not_shared(other: View) -> None:
    page = Page()
    page.shown()
    assert page.shown(other) == "[2]"


def test_what_is_being_drawn_is_waited_for() -> None:
    page, begun, go = Page(), threading.Event(), threading.Event()

    def slowly() -> Mapping[str, Drawn]:
        begun.set()
        go.wait(60)
        return page.draw()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(page.viewers.drawn, _VIEW, slowly, is_timed=True)
        begun.wait(60)
        second = threads.submit(page.viewers.drawn, _VIEW, page.draw, is_timed=True)
        go.set()
        assert first.result(60) is second.result(60)
    assert page.times == 1


def test_a_failure_is_reported_to_who_asked_and_tried_again() -> None:
    page = Page()

    def fails() -> Mapping[str, Drawn]:
        raise RuntimeError("not now")

    with pytest.raises(RuntimeError):
        page.viewers.drawn(_VIEW, fails, is_timed=True)
    assert page.shown() == "[1]"


def test_only_what_differs_is_sent() -> None:
    regions = {"a": drawn([1]), "b": drawn([2])}
    assert set(changed(regions, {"a": regions["a"].digest, "b": "another"})) == {"b"}
