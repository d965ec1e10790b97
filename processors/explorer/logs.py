"""Runtime logs of gateways, sidecars and services."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from processors.errors import InvalidQuestion
from processors.explorer.records import narrowed, timed
from processors.query.conditions import Parameters
from processors.query.filters import Filter
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

# As OpenTelemetry spells them, the worst first.
SEVERITIES = ("FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "")
MOST_LOGS = 1_000


@dataclass(frozen=True)
class LogSearch:
    """Which logs: `severities` () for all; `text` is a part of the body, or a trace id."""

    window: Window
    filters: tuple[Filter, ...] = ()
    severities: tuple[str, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidQuestion."""
        if unknown := [name for name in self.severities if name not in SEVERITIES]:
            raise InvalidQuestion(f"{unknown[0]!r} is no severity; use any of {', '.join(filter(None, SEVERITIES))}.")


def find_logs(store: Store, search: LogSearch, limit: int = 200) -> pd.DataFrame:
    """The newest records: time, environment, gateway_kind, gateway, instance, severity, body, trace_id.

    Filters by dimensions that logs do not have are left out. Raises InvalidQuestion.
    """
    if limit < 1 or limit > MOST_LOGS:
        raise InvalidQuestion(f"Ask for 1 to {MOST_LOGS} records; a query of SQL has more.")
    return timed(_frame(store, "logs", search, {"most": limit}))


def log_counts(store: Store, search: LogSearch, step: timedelta) -> pd.DataFrame:
    """time (start of the step), severity, records."""
    return timed(_frame(store, "log_counts", search, {"step": int(step.total_seconds())}))


def log_sources(store: Store, search: LogSearch) -> pd.DataFrame:
    """gateway, environment, severity, records, those with the most first."""
    return _frame(store, "log_sources", search, {})


def _frame(store: Store, name: str, search: LogSearch, parameters: Parameters) -> pd.DataFrame:
    conditions = narrowed(search.window, search.filters, parameters)
    if search.severities:
        parameters["severities"] = list(search.severities)
        conditions.append("toString(seen.severity) IN {severities:Array(String)}")
    if search.text:
        parameters["text"] = search.text
        conditions.append(
            "(positionCaseInsensitiveUTF8(seen.body, {text:String}) > 0 OR seen.trace_id = {text:String})"
        )
    sql = load("processors.explorer", name).replace("{conditions}", "\n    AND ".join(conditions))
    return store.frame(sql, parameters)
