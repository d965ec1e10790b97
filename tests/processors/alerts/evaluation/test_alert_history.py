"""The history of alerts: the latest changes, of one rule or one API where they are named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.metrics import get_meter

from processors.alerts.engine import AlertEngine
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from storage.store import Store
from tests.processors.alerts import rig
from tests.processors.alerts.conftest import TABLES, AddRequests

_RULE = "alert-quiet"
_BUSY = datetime(2026, 3, 2, 12, tzinfo=UTC)
_NOW = _BUSY + timedelta(seconds=95)


@pytest.fixture
def engine(store: Store) -> Iterator[AlertEngine]:
    """Of one rule over the environment of the same name."""
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    rule = {
        "name": _RULE, "measure": "requests", "window": "1m", "op": ">", "threshold": 4, "by": ["api"],
        "filters": {"environment": _RULE},
    }  # fmt: skip
    opened = AlertEngine(
        store, RuleSource(file=RuleFile.model_validate({"rules": [rule]})), lambda: _NOW, get_meter("test"), "",
        rig.questions_of(store), rig.Sources(),
    )  # fmt: skip
    yield opened
    opened.stop()


def test_a_quiet_api_is_not_pushed_out_by_busy_rules(
    engine: AlertEngine, store: Store, add_requests: AddRequests
) -> None:
    add_requests(_RULE, _BUSY, 5, api="quiet-api")
    engine.tick(_NOW)
    # Later than what any other test has in the history.
    later = _NOW.replace(year=2050)
    columns = ("time", "rule", "fingerprint", "labels", "state", "previous_state")
    store.insert("alert_history", columns, [(later, "busy", "1", {"api": "busy-api"}, "firing", "inactive")] * 20)
    assert set(engine.history(10)["rule"]) == {"busy"}
    (change,) = engine.history(10, api="quiet-api").to_dict("records")
    assert (change["rule"], change["state"]) == (_RULE, "firing")
    assert engine.history(10, rule=_RULE, api="busy-api").empty


def test_nothing_has_its_columns(engine: AlertEngine) -> None:
    history = engine.history(0)
    assert history.empty
    assert {"time", "rule", "labels", "state"} <= set(history.columns)
