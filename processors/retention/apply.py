"""Retention as the TTL of tables: ClickHouse deletes what is older, in whole parts where it can."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from processors.retention.config import RetentionConfig
from storage.settings import literal
from storage.store import Store

_log = logging.getLogger(__name__)

# What came late or was imported is kept as long as what is new: from its arrival on.
_SINCE_ARRIVAL = "toDateTime(greatest(time, ingested_at))"

# A setting of RetentionConfig, and the tables that it is for with the time that counts.
_TABLES: Mapping[str, Mapping[str, str]] = {
    "requests": {"requests": _SINCE_ARRIVAL},
    "logs": {"logs": _SINCE_ARRIVAL},
    "metrics": {"metrics": _SINCE_ARRIVAL},
    "spans": {"spans": _SINCE_ARRIVAL},
    "dead_letters": {"dead_letters": "toDateTime(received_at)"},
    "minutes": dict.fromkeys(("api_1m", "resource_1m"), "minute"),
    "hours": {
        **dict.fromkeys(("api_1h", "resource_1h"), "hour"),
        **dict.fromkeys(("api_10m", "route_1h", "consumer_1h", "fault_10m", "edge_10m"), "time"),
    },
    "days": dict.fromkeys(("api_1d", "consumer_1d"), "time"),
}

# What is partitioned by where the time that counts is worked out.
_COLUMNS = {_SINCE_ARRIVAL: "time", "toDateTime(received_at)": "received_at"}

# Longer than anybody keeps anything, and not so long that a DateTime would overflow.
_FOR_EVER = 20_000

_TTL = re.compile(r" TTL (.*?)(?= SETTINGS |$)")


@dataclass(frozen=True)
class _Retention:
    """Of one table: the expression of its TTL, '' for none, and whether all rows of a time have the same."""

    ttl: str
    is_same_for_all: bool


def apply_retention(store: Store, config: RetentionConfig) -> list[str]:
    """Give each table the TTL of the configuration; returns the tables that had another. Raises StoreError.

    Nothing waits for it: rows that are older by now are deleted in the background. Where all environments keep a table
    equally long, whole parts are deleted and nothing is rewritten; otherwise each part is, once for each length.

    A default deletes nothing that was there before it: a table with a TTL of somebody else's, or with rows that are
    older, is left as it is until its setting is in the configuration.
    """
    found = dict(store.rows("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()"))
    changed = []
    left = []
    for setting, tables in _TABLES.items():
        for table, time in tables.items():
            wanted, current = _wanted(config, setting, time), _ttl(found[table])
            if current == wanted.ttl:
                continue
            if not _is_set(config, setting) and _would_surprise(store, table, time, current, getattr(config, setting)):
                left.append(table)
                continue
            _change(store, table, wanted)
            changed.append(table)
    if left:
        _log.warning(
            "Tables hold what is older than their default retention, or have a TTL of their own: nothing is deleted "
            "until their retention is set, docs/configuration.md#retention.",
            extra={"tables": left},
        )
    if changed:
        _log.info("Retention is set; what is older is deleted in the background.", extra={"tables": changed})
    return changed


def _wanted(config: RetentionConfig, setting: str, time: str) -> _Retention:
    general: timedelta = getattr(config, setting)
    others = {
        environment.name: days
        for environment in config.environments
        if (days := getattr(environment, setting)) is not None and days != general
    }
    if not others:
        return _Retention(f"{time} + toIntervalDay({general.days})" if general else "", is_same_for_all=True)
    cases = [f"environment = {literal(name)}, {_days(kept)}" for name, kept in sorted(others.items())]
    return _Retention(f"{time} + toIntervalDay(multiIf({', '.join(cases)}, {_days(general)}))", is_same_for_all=False)


def _is_set(config: RetentionConfig, setting: str) -> bool:
    return setting in config.model_fields_set or any(
        setting in environment.model_fields_set for environment in config.environments
    )


def _would_surprise(store: Store, table: str, time: str, current: str, kept: timedelta) -> bool:
    if current:
        return not current.startswith(f"{time} + toIntervalDay(")
    column = _COLUMNS.get(time, time)
    # Answered by what each part knows of its times.
    ((is_older,),) = store.rows(
        f"SELECT count() > 0 AND min({column}) < now() - toIntervalDay({kept.days}) FROM {table}"
    )
    return bool(kept) and bool(is_older)


def _days(kept: timedelta) -> int:
    return kept.days or _FOR_EVER


def _ttl(engine: str) -> str:
    """The TTL that is in a table's definition; '' where there is none."""
    found = _TTL.search(engine)
    return found[1] if found else ""


def _change(store: Store, table: str, wanted: _Retention) -> None:
    if not wanted.ttl:
        store.command(f"ALTER TABLE {table} REMOVE TTL")
        return
    # Only the parts' end is recalculated, which reads two columns; merges and deletions do the rest. Waiting for that
    # would hold up a start.
    store.command(
        f"ALTER TABLE {table} (MODIFY SETTING materialize_ttl_recalculate_only = 1,"
        f" ttl_only_drop_parts = {int(wanted.is_same_for_all)}), (MODIFY TTL {wanted.ttl}) SETTINGS alter_sync = 0"
    )
