"""The books: which segments are stored, and whether every record in them can be found."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from storage.sql import load
from storage.store import Store


def stored_segments(store: Store, segment_ids: Sequence[str]) -> list[str]:
    """Those of the segments that are stored."""
    rows = store.rows(
        "SELECT DISTINCT segment_id FROM books WHERE segment_id IN {ids:Array(String)}",
        {"ids": list(segment_ids)},
    )
    return [segment_id for (segment_id,) in rows]


def differences(store: Store, since: datetime) -> pd.DataFrame:
    """The segments received since a moment whose records and rows differ; empty when the books balance.

    Counts the rows in the tables themselves, so that a row lost after its insert is found too.
    """
    return store.frame(load("collector", "books"), {"since": since})
