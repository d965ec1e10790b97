"""The books: which segments are stored, and whether every record in them can be found."""

from datetime import datetime

import pandas as pd

from storage.sql import load
from storage.store import Store

# Ids that begin alike come first where they are shortest, so that a whole id is always among them.
_MOST_IDS = 1000


def stored_segments(store: Store, prefix: str) -> list[str]:
    """The ids of stored segments that begin with a prefix, in order; the first 1,000 where there are more."""
    rows = store.rows(
        "SELECT DISTINCT segment_id FROM books WHERE startsWith(segment_id, {prefix:String})"
        " ORDER BY segment_id LIMIT {most:UInt32}",
        {"prefix": prefix, "most": _MOST_IDS},
    )
    return [segment_id for (segment_id,) in rows]


def differences(store: Store, since: datetime) -> pd.DataFrame:
    """The segments received since a moment whose records and rows differ; empty when the books balance.

    Counts the rows in the tables themselves, so that a row lost after its insert is found too.
    """
    return store.frame(load("collector", "books"), {"since": since})
