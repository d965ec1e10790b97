"""What is known of APIs, for a page that does not wait for it."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

from dashboards.pages.shared.api_facts import ApiFacts, KnownFacts
from dashboards.state.context import PageContext
from processors.query.filters import Filter
from storage.errors import GatelensError

# Baselines read six weeks: most stores have them in this time, and the others at the next refresh.
_PATIENCE_SECONDS = 0.4
_MOST_KEPT = 32

_Key = tuple[Filter, ...]


class FactsSoon:
    """Answers with what was known last, and learns what is new meanwhile; safe to use from many threads.

    A page that stands still has no refresh that would tell it later: it waits.
    """

    def __init__(self, facts: ApiFacts, patience: float = _PATIENCE_SECONDS) -> None:
        """`patience` is for how many seconds the first answer is waited for."""
        self._facts = facts
        self._patience = patience
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="api-facts")
        self._change = threading.Lock()
        self._last: dict[_Key, KnownFacts] = {}
        self._asked: dict[_Key, Future[KnownFacts]] = {}

    def __call__(self, context: PageContext) -> KnownFacts:
        """Nothing at first, where it takes longer than a reader waits, and where the store fails."""
        if not context.view.refresh_seconds(context.now):
            return self._at_once(context)
        key = _key(context)
        with self._change:
            if key not in self._asked:
                self._forget_unread()
                self._asked[key] = self._threads.submit(self._facts.known, context)
            asked, last = self._asked[key], self._last.get(key)
        try:
            found = asked.result(0 if last is not None else self._patience)
        except NotYet:
            return last or KnownFacts()
        except GatelensError:
            found = last or KnownFacts()
        finally:
            if asked.done():
                self._forget(key, asked)
        with self._change:
            # At the end, so that what nobody asks for any more goes first.
            self._last.pop(key, None)
            self._last[key] = found
            while len(self._last) > _MOST_KEPT:
                self._last.pop(next(iter(self._last)))
        return found

    def is_awaited(self, context: PageContext) -> bool:
        """Whether a page has been shown without them, for want of time."""
        key = _key(context)
        with self._change:
            return key in self._asked and key not in self._last

    def _forget_unread(self) -> None:
        """Drop what was found for filters that nobody has come back for, beyond a few."""
        found = [key for key, asked in self._asked.items() if asked.done()]
        for key in found[: max(0, len(self._asked) - _MOST_KEPT + 1)]:
            del self._asked[key]

    def _at_once(self, context: PageContext) -> KnownFacts:
        try:
            return self._facts.known(context)
        except GatelensError:
            return KnownFacts()

    def _forget(self, key: _Key, asked: "Future[KnownFacts]") -> None:
        """Another is asked for at the next refresh."""
        with self._change:
            if self._asked.get(key) is asked:
                del self._asked[key]


def _key(context: PageContext) -> _Key:
    return (*context.view.filters, *context.implied)
