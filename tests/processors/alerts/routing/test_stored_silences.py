"""Silences in the store: one that cannot be read keeps no alert from being told."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.alerts.routing.matchers import parse_matchers
from processors.alerts.routing.silences import new_silence
from processors.alerts.store.silence_store import SilenceStore
from storage.store import Store

_NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


def test_what_cannot_be_read_is_left_out(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    silences = SilenceStore(store)
    matchers = parse_matchers('{api="new\\nline, \\"quoted\\""}')
    good = new_silence(matchers, _NOON, _NOON + timedelta(hours=1), "ada", "maintenance", identity="stored-good")
    silences.save(good, _NOON)
    columns = ("id", "matchers", "starts_at", "ends_at", "intervals", "created_by", "comment", "updated_at")
    ends = _NOON + timedelta(hours=1)
    for number, (broken, intervals) in enumerate((('{1h="x"}', "[]"), ('{api="x"}', '[{"weekdays": "someday"}]'))):
        store.insert(
            "alert_silences", columns, [[f"stored-{number}", broken, _NOON, ends, intervals, "ada", "x", _NOON]]
        )
    found = [silence for silence in silences.load(_NOON) if silence.id.startswith("stored-")]
    assert found == [good]
    assert caplog.text.count("A stored silence cannot be read") == 2
    store.command("DELETE FROM alert_silences WHERE startsWith(id, 'stored-')")
