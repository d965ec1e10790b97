"""Questions to a store that counts them, about the `rows` that a module has stored."""

from collections.abc import Iterator

import pandas as pd
import pytest

from processors.query.questions import Questions
from storage.store import Store
from tests.processors.query.counting_store import CountingStore, questions_to


@pytest.fixture
def counting(store: Store, rows: pd.DataFrame) -> CountingStore:
    return CountingStore(store)


@pytest.fixture
def questions(counting: CountingStore) -> Iterator[Questions]:
    with questions_to(counting) as asked:
        yield asked
