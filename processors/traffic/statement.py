"""Statements of this package's .sql files, with the two places that are no ClickHouse parameters filled in."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from processors.traffic.filters import Filters
from processors.usage_source import usage_source
from processors.window import Window
from storage.sql import load
from storage.store import Store


def statement(name: str, **places: str) -> str:
    """The text of `name`.sql with each `{place}` filled by text of ours, never by text from outside."""
    text = load("processors.traffic", name)
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", value)
    return text


def frame(
    store: Store,
    name: str,
    window: Window,
    filters: Filters,
    dimensions: Collection[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """What `name`.sql finds in the window; `dimensions` are its columns that are no column of the roll-ups."""
    sql = statement(name, source=usage_source(window, dimensions), where=filters.where)
    return store.frame(sql, {**filters.parameters, **(parameters or {})})
