"""Silences in the store."""

import json
import logging
from datetime import datetime
from typing import Any

from processors.alerts.routing.matchers import parse_matchers, show_matchers
from processors.alerts.routing.silences import Silence
from processors.alerts.routing.time_intervals import WEEKDAYS, TimeInterval, clock_text
from processors.time.moments import known, utc
from storage.sql import load
from storage.store import Store

_log = logging.getLogger(__name__)

_COLUMNS = ("id", "matchers", "starts_at", "ends_at", "intervals", "created_by", "comment", "updated_at")


class SilenceStore:
    """The table alert_silences."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, since: datetime) -> list[Silence]:
        """Those that had not ended at a moment. Raises StoreError."""
        rows = self._store.rows(load("processors.alerts.store", "silences"), {"since": since})
        return [silence for row in rows if (silence := _readable(row)) is not None]

    def save(self, silence: Silence, now: datetime) -> None:
        """Store a silence as it is now. Raises StoreError."""
        intervals = [interval_json(interval) for interval in silence.intervals]
        row = [
            silence.id, show_matchers(silence.matchers), silence.starts_at, silence.ends_at, json.dumps(intervals),
            silence.created_by, silence.comment, now,
        ]  # fmt: skip
        self._store.insert("alert_silences", _COLUMNS, [row])


def interval_json(interval: TimeInterval) -> dict[str, Any]:
    """An interval as Alertmanager writes it, which reads as the same again."""
    fields: dict[str, Any] = {
        "times": [
            {"start_time": clock_text(part.start_time), "end_time": clock_text(part.end_time)}
            for part in interval.times
        ],
        "weekdays": [f"{WEEKDAYS[first]}:{WEEKDAYS[last]}" for first, last in interval.weekdays],
        "days_of_month": [f"{first}:{last}" for first, last in interval.days_of_month],
        "months": [f"{first}:{last}" for first, last in interval.months],
        "years": [f"{first}:{last}" for first, last in interval.years],
    }
    return {name: value for name, value in fields.items() if value} | {"location": interval.location}


def _readable(row: tuple[Any, ...]) -> Silence | None:
    """The silence of a row. One that cannot be read, such as another version's, mutes nothing."""
    try:
        return _silence(row)
    except ValueError as error:
        _log.error("A stored silence cannot be read; it holds no more.", extra={"silence": row[0], "error": str(error)})
        return None


def _silence(row: tuple[Any, ...]) -> Silence:
    identity, matchers, starts, ends, intervals, author, comment = row
    return Silence(
        id=identity,
        matchers=parse_matchers(matchers),
        starts_at=utc(starts),
        ends_at=known(ends),
        created_by=author,
        comment=comment,
        intervals=tuple(TimeInterval.model_validate(interval) for interval in json.loads(intervals)),
    )
