"""What the tables show of incoming telemetry."""

import base64
from datetime import UTC, datetime, timedelta

import pandas as pd

from processors.ingest.pipeline import CameIn
from processors.time.window import DAY, HOUR, Window
from storage.sql import load
from storage.store import Store

# Rates are means over this time before now: long enough for a sender that reports once a minute.
RECENT = timedelta(minutes=15)
_SAMPLE_BYTES = 240
_MOST = 500
# Live telemetry arrives within it; an import's is older, and is found by its ledger.
_REACH = HOUR
# Doubts are looked for in single requests, which takes longer the more there are.
DOUBTS_WITHIN = DAY


def senders(store: Store, now: datetime) -> pd.DataFrame:
    """`format`, `environment`, `gateway`, `records`, `per_second`, `last_seen` of the last 15 minutes; the most first.

    What happened more than an hour before it came is left out. Raises StoreError.
    """
    start = now - RECENT
    parameters = {
        "start": start,
        "end": now,
        "seconds": RECENT.total_seconds(),
        "happened_since": start - _REACH,
        "most": _MOST,
    }
    return _timed(store.frame(load("processors.ingest", "senders"), parameters))


def ledger(store: Store, window: Window) -> pd.DataFrame:
    """By format: `segments`, `records`, what they became, `read_again`, `filed`, `lag_p95` in ms, `last_received`.

    Where `records` and `filed` differ, it does not balance. Raises StoreError.
    """
    return _frame(store, "ledger", window)


def came_in(entered: pd.DataFrame) -> list[CameIn]:
    """What a ledger says of each format."""
    return [
        CameIn(str(row["format"]), int(row["records"]), int(row["dead_letters"]) - int(row["read_again"]))
        for row in entered.to_dict("records")
    ]


def unparsed(store: Store, window: Window, format_name: str = "", reason: str = "") -> pd.DataFrame:
    """Dead letters by `format` and `reason`: how many `records`, when, of how many `peers`, and the newest as `sample`.

    `sample` is text: bytes that are none, and what would steer a terminal, are escaped. Raises StoreError.
    """
    found = _frame(store, "unparsed", window, format=format_name, reason=reason, sample=_SAMPLE_BYTES, most=_MOST)
    samples = [
        shown(base64.b64decode(beginning), is_cut=size > _SAMPLE_BYTES)
        for beginning, size in zip(found["beginning"], found["size"], strict=True)
    ]
    return found.drop(columns="beginning").assign(sample=pd.Series(samples, index=found.index, dtype=object))


def unparsed_counts(store: Store, window: Window, environment: str) -> pd.DataFrame:
    """`format`, `reason`, `records` of an environment, '' for all; the most frequent first. Raises StoreError."""
    return _frame(store, "unparsed_counts", window, environment=environment)


def last_request(store: Store, api: str | None = None) -> datetime | None:
    """The minute of the newest request that is stored, of an API or of all, or None where none came.

    Raises StoreError.
    """
    of_api, parameters = ("", {}) if api is None else (" WHERE api = {api:String}", {"api": api})
    ((requests, newest),) = store.rows(f"SELECT count(), toUnixTimestamp(max(minute)) FROM api_1m{of_api}", parameters)
    return datetime.fromtimestamp(newest, UTC) if requests else None


def oldest_record(store: Store, table: str) -> datetime | None:
    """The time of the oldest row of `requests`, `logs` or `spans`, or None where there is none. Raises StoreError."""
    # Answered by what each part knows of its times; the name is ours.
    ((rows, oldest),) = store.rows(f"SELECT count(), toUnixTimestamp(min(time)) FROM {table}")
    return datetime.fromtimestamp(oldest, UTC) if rows else None


def doubts(store: Store, window: Window) -> pd.DataFrame:
    """`doubt`, `format`, `requests`, `last_seen`, `example` of the window's last day. Raises StoreError."""
    return _frame(store, "doubts", Window(max(window.start, window.end - DOUBTS_WITHIN), window.end), most=_MOST)


def shown(data: bytes, *, is_cut: bool = False) -> str:
    """Bytes as one line of text that says of each what it is: `\\x1b` and `\\n` for what is not printed.

    A character that is cut in two at the end of what is cut is left out.
    """
    text = data.decode(errors="backslashreplace")
    if is_cut:
        text = data.decode(errors="ignore") if _is_text(data) else text
    escaped = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return f"{escaped} …" if is_cut else escaped


def _is_text(data: bytes) -> bool:
    """Whether all of it is UTF-8, but for a last character that is not whole."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _frame(store: Store, name: str, window: Window, **parameters: object) -> pd.DataFrame:
    given = {"start": window.start, "end": window.end, **parameters}
    return _timed(store.frame(load("processors.ingest", name), given))


def _timed(found: pd.DataFrame) -> pd.DataFrame:
    """The same with times in UTC."""
    moments = [column for column in ("first_seen", "last_seen", "last_received") if column in found]
    return found.assign(**{column: pd.to_datetime(found[column], utc=True) for column in moments})
