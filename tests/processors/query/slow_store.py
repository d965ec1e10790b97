"""A store whose answers take half a minute, and how many of them it works on."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from storage.store import Store


class SlowStore:
    """Answers with a statement that does nothing but wait, under the settings of the question."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def apart(self, handles: int) -> Store:
        return self._store.apart(handles)

    @property
    def view_definitions(self) -> Mapping[str, str]:
        return self._store.view_definitions

    def frame(self, sql: str, *_: Any, **__: Any) -> pd.DataFrame:
        settings = sql.rpartition("SETTINGS")[2]
        return self._store.frame(
            f"SELECT sum(sleepEachRow(0.1)) AS requests FROM numbers(300) SETTINGS max_block_size = 1, {settings}"
        )

    @property
    def running(self) -> int:
        ((count,),) = self._store.rows(
            "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.1)%numbers(300)%'"
        )
        # The statement that looks is one of them.
        return int(count) - 1
