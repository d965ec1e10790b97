"""What arrived and could not be understood."""

import pandas as pd

from processors.traffic.filters import Filters
from processors.traffic.statement import statement
from processors.window import Window
from storage.store import Store


def set_aside(store: Store, window: Window, filters: Filters) -> pd.DataFrame:
    """Dead letters received in the window: `format`, `reason`, `records`, the most frequent first.

    Of the filters only the environment concerns them: what cannot be read tells no gateway and no API.
    """
    return store.frame(
        statement("set_aside"),
        {
            "start": int(window.start.timestamp()),
            "end": int(window.end.timestamp()),
            "environment": filters.environment,
        },
    )
