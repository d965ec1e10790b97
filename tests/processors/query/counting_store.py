"""A store that counts what it is asked."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pandas as pd

from processors.query.questions import Questions
from storage.store import Store
from tests.patience import PATIENCE
from tests.processors.query.traffic_rows import START


class CountingStore:
    """A store that counts what it is asked, and answers when it may."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def apart(self, handles: int) -> Store:
        return self._store.apart(handles)

    @property
    def view_definitions(self) -> Mapping[str, str]:
        return self._store.view_definitions

    def frame(self, *arguments: Any, **options: Any) -> pd.DataFrame:
        self.asked += 1
        self.gate.wait(PATIENCE)
        return self._store.frame(*arguments, **options)


@contextmanager
def questions_to(store: CountingStore) -> Iterator[Questions]:
    """Questions of the day after the traffic began, without rollups."""
    questions = Questions(store, lambda: START + timedelta(days=1), dict)  # type: ignore[arg-type]
    yield questions
    questions.close()
