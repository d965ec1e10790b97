"""A page that does not wait for what is known of APIs."""

import threading
from datetime import UTC, datetime
from typing import cast

import pytest

from dashboards.pages.shared.api_facts import ApiFacts, KnownFacts, Usual
from dashboards.pages.shared.facts_soon import FactsSoon
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.filters import Filter
from storage.errors import StoreUnavailable

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PATIENCE = 60.0


class Facts:
    """Tells how often it was asked, once it may go on."""

    def __init__(self) -> None:
        self.times = 0
        self.go = threading.Event()
        self.go.set()
        self.fault: Exception | None = None

    def known(self, _context: PageContext) -> KnownFacts:
        self.go.wait(_PATIENCE)
        if self.fault is not None:
            raise self.fault
        self.times += 1
        return KnownFacts(usual={str(self.times): Usual(_NOW, 1.0, 0.0, 2.0, is_unusual=False)})


def _context(*filters: Filter) -> PageContext:
    return PageContext(View(filters=filters), _NOW)


def _soon(facts: Facts, patience: float = _PATIENCE) -> FactsSoon:
    return FactsSoon(cast(ApiFacts, facts), patience)


def _until_told(soon: FactsSoon, name: str) -> None:
    """What is learned meanwhile is told at a refresh after it."""
    for _ in range(10_000):
        if name in soon(_context()).usual:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{name} was not told.")


def test_what_is_there_in_time_is_told_at_once_and_kept_up_to_date() -> None:
    soon = _soon(Facts())
    assert set(soon(_context()).usual) == {"1"}
    _until_told(soon, "2")


def test_nobody_waits_for_longer_and_it_is_told_once_it_is_there() -> None:
    facts = Facts()
    facts.go.clear()
    soon = _soon(facts, 0.0)
    assert soon(_context()) == KnownFacts()
    facts.go.set()
    _until_told(soon, "1")


def test_a_page_that_stands_still_waits_and_is_told_of_its_own_range() -> None:
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


def test_a_fault_of_ours_is_told_and_tried_again() -> None:
    facts = Facts()
    soon = _soon(facts)
    facts.fault = RuntimeError("ours")
    with pytest.raises(RuntimeError):
        soon(_context())
    facts.fault = None
    assert soon(_context()).usual
