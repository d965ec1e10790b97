"""Retention: what is older goes, by environment, without a stop; and nothing that nobody has said so of."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from gatelens.process.upkeep import RetentionKeeper
from processors.retention.apply import apply_retention
from processors.retention.config import EnvironmentRetention, RetentionConfig
from processors.time.window import DAY
from storage.store import Store
from tests.patience import PATIENCE

_FOR_EVER = RetentionConfig.model_validate(
    dict.fromkeys(("requests", "logs", "metrics", "spans", "dead_letters", "minutes", "hours", "days"), "0")
)


@pytest.fixture(autouse=True)
def _afterwards(store: Store) -> Iterator[None]:
    apply_retention(store, _FOR_EVER)
    yield
    apply_retention(store, _FOR_EVER)


def _log(store: Store, environment: str, days: int) -> None:
    at = datetime.now(UTC) - days * DAY
    store.insert("logs", ("time", "ingested_at", "environment", "body"), [(at, at, environment, "x")])


def _ages(store: Store, prefix: str) -> set[tuple[str, int]]:
    found = store.rows(
        "SELECT environment, age('day', time, now64(6)) FROM logs WHERE startsWith(environment, {prefix:String})",
        {"prefix": prefix},
    )
    return {(environment, round(days)) for environment, days in found}


def _wait(store: Store, prefix: str, ages: set[tuple[str, int]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while _ages(store, prefix) != ages and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _ages(store, prefix) == ages


def test_what_is_older_goes_and_what_was_imported_late_stays(store: Store) -> None:
    _log(store, "kept-a", 20)
    _log(store, "kept-a", 3)
    now = datetime.now(UTC)
    # Imported with its own time: it is kept from its arrival on.
    store.insert("logs", ("time", "ingested_at", "environment"), [(now - 400 * DAY, now, "kept-a")])
    assert apply_retention(store, RetentionConfig.model_validate({"logs": "10d", "hours": "0"}))
    _wait(store, "kept-a", {("kept-a", 3), ("kept-a", 400)})


def test_nothing_waits_for_parts_to_be_gone_through(store: Store) -> None:
    _log(store, "waiting-a", 20)
    store.command("SYSTEM STOP MERGES logs")
    try:
        assert apply_retention(store, _FOR_EVER.model_copy(update={"logs": 10 * DAY})) == ["logs"]
    finally:
        store.command("SYSTEM START MERGES logs")
    _wait(store, "waiting-a", set())


def test_environments_keep_their_own_time(store: Store) -> None:
    for environment in ("env-short", "env-long", "env-other"):
        _log(store, environment, 20)
        _log(store, environment, 3)
    config = _FOR_EVER.model_copy(
        update={
            "logs": 10 * DAY,
            "environments": (
                EnvironmentRetention.model_validate({"name": "env-short", "logs": "1d"}),
                EnvironmentRetention.model_validate({"name": "env-long", "logs": "0"}),
            ),
        }
    )
    assert apply_retention(store, config) == ["logs"]
    assert apply_retention(store, config) == []
    store.command("OPTIMIZE TABLE logs FINAL")
    _wait(store, "env-", {("env-other", 3), ("env-long", 3), ("env-long", 20)})


def test_a_default_deletes_nothing_that_was_there_before(store: Store) -> None:
    _log(store, "default-a", 200)
    changed = apply_retention(store, RetentionConfig())
    assert "logs" not in changed
    # Whatever else other tests have left in it, all that is younger than its default has it now.
    assert changed
    assert apply_retention(store, RetentionConfig()) == []
    store.command("ALTER TABLE spans MODIFY TTL toDateTime(time) + toIntervalDay(365)")
    assert apply_retention(store, RetentionConfig()) == []
    assert apply_retention(store, RetentionConfig.model_validate({"spans": "90d"})) == ["spans"]


def test_the_file_is_followed_while_it_runs(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "gatelens.yaml"
    file.write_text("retention: {spans: 30d}\n", encoding="utf-8")
    keeper = RetentionKeeper(store, RetentionConfig.model_validate({"spans": "30d"}), file)
    apply_retention(store, RetentionConfig.model_validate({"spans": "30d"}))
    file.write_text("retention: {spans: 300d}\n", encoding="utf-8")
    keeper.look()
    ((engine,),) = store.rows("SELECT engine_full FROM system.tables WHERE name = 'spans'")
    assert "toIntervalDay(300)" in engine
    assert "ttl_only_drop_parts = 1" in engine


@pytest.mark.parametrize(
    "faulty",
    [{"requests": "12h"}, {"requests": "soon"}, {"years": "1d"}, {"environments": [{"name": "a"}, {"name": "a"}]}],
    ids=str,
)
def test_faults_are_reported(faulty: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RetentionConfig.model_validate(faulty)


def test_roll_ups_are_kept_longer_by_default() -> None:
    kept = RetentionConfig()
    assert timedelta() == kept.days < kept.requests < kept.minutes < kept.hours
