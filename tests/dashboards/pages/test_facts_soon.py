"""A page that does not wait for what is known of APIs."""

import gc
import threading
import weakref
from datetime import UTC, datetime
from typing import cast

import pytest

from dashboards.pages.shared.api_facts import ApiFacts, KnownFacts, Usual
from dashboards.pages.shared.facts_soon import FactsSoon
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.filters import Filter
from storage.errors import StoreUnavailable
from tests.collector.rigs.waiting import wait_until

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PATIENCE = 60.0


class Facts:
    """Says how often it was asked, once it may go on."""

    def __init__(self) -> None:
        self.times = 0
        self.go = threading.Event()
        self.go.set()
        self.fault: Exception | None = None
        self.found: list[weakref.ref[KnownFacts]] = []

    def wait_until_asked(self, times: int) -> None:
        wait_until(lambda: self.times == times)

    def known(self, _context: PageContext) -> KnownFacts:
        self.go.wait(_PATIENCE)
        if self.fault is not None:
            raise self.fault
        self.times += 1
        found = KnownFacts(usual={str(self.times): Usual(_NOW, 1.0, 0.0, 2.0, is_unusual=False)})
        self.found.append(weakref.ref(found))
        return found


def _context(*filters: Filter) -> PageContext:
    return PageContext(View(filters=filters), _NOW)


def _soon(facts: Facts, patience: float = _PATIENCE) -> FactsSoon:
    return FactsSoon(cast(ApiFacts, facts), patience)


def _until_shown(soon: FactsSoon, name: str) -> None:
    """What is learned meanwhile is shown at a refresh after it."""
    for _ in range(10_000):
        if name in soon(_context()).usual:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{name} was not shown.")


def test_what_is_there_in_time_is_shown_at_once_and_kept_up_to_date() -> None:
    soon = _soon(Facts())
    assert set(soon(_context()).usual) == {"1"}
    _until_shown(soon, "2")


def test_nobody_waits_for_longer_and_it_is_shown_once_it_is_there() -> None:
    facts = Facts()
    facts.go.clear()
    soon = _soon(facts, 0.0)
    assert not soon.is_awaited(_context())
    assert soon(_context()) == KnownFacts()
    assert soon.is_awaited(_context())
    assert not soon.is_awaited(_context(Filter("environment", values=("prod",))))
    facts.go.set()
    _until_shown(soon, "1")
    assert not soon.is_awaited(_context())


def test_a_page_that_stands_still_waits_for_its_own_range() -> None:
    facts = Facts()
    soon = _soon(facts, 0.0)
    past = PageContext(View(start="2026-03-01", end="2026-03-02"), _NOW)
    assert [set(soon(past).usual) for _ in range(2)] == [{"1"}, {"2"}]
    facts.fault = StoreUnavailable("ClickHouse did not answer.")
    assert soon(past) == KnownFacts()


def test_other_filters_have_facts_of_their_own() -> None:
    soon = _soon(Facts())
    assert set(soon(_context()).usual) == {"1"}
    assert set(soon(_context(Filter("environment", values=("prod",)))).usual) == {"2"}


def test_a_store_that_fails_leaves_what_was_known() -> None:
    facts = Facts()
    soon = _soon(facts)
    soon(_context())
    facts.fault = StoreUnavailable("ClickHouse did not answer.")
    assert all(soon(_context()).usual for _ in range(5))
    assert _soon(facts)(_context()) == KnownFacts()


def test_a_fault_of_ours_is_raised_and_tried_again() -> None:
    facts = Facts()
    soon = _soon(facts)
    facts.fault = RuntimeError("ours")
    with pytest.raises(RuntimeError):
        soon(_context())
    facts.fault = None
    assert soon(_context()).usual


def test_what_nobody_comes_back_for_is_not_kept() -> None:
    """A reader may try many filters, and leave each before its answer is there."""
    facts = Facts()
    soon = _soon(facts, patience=0.0)
    for number in range(100):
        facts.go.clear()
        assert soon(_context(Filter("api", values=(str(number),)))) == KnownFacts()
        facts.go.set()
        facts.wait_until_asked(number + 1)
    gc.collect()
    assert sum(found() is not None for found in facts.found) < 50
