"""What the envelope of an HEC event tells of it, and the event does not."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.formats.formats import FORMATS
from collector.receivers.http.hec_events import groups, parse
from storage.store import Store
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.storing import logs_of, store_all
from tests.patience import PATIENCE

_SECONDS = 1795428930.25
_MILLISECONDS = 1795428930250


def _line(event: object, **envelope: object) -> Any:
    [group] = groups(parse(json.dumps({"event": event, **envelope}).encode(), FORMATS), FORMATS, {}, "")
    return json.loads(group.lines)


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    "record",
    [
        {"msg": "x"},
        {"msg": "x", "field": "time"},
        {"msg": "x", "source": "inner"},
        {"msg": "x", "field": {"time": 1, "source": "inner"}},
    ],
)
def test_what_an_event_does_not_say_itself_is_taken_from_its_envelope(record: dict[str, Any], as_text: bool) -> None:
    event = json.dumps(record) if as_text else record
    assert _line(event, time=_SECONDS, source="outer") == {"time": _SECONDS, "source": "outer"} | record


@pytest.mark.parametrize("as_text", [False, True])
def test_what_an_event_says_itself_counts(as_text: bool) -> None:
    record = {"msg": "x", "time": 5}
    assert _line(json.dumps(record) if as_text else record, time=_SECONDS) == record


@pytest.mark.parametrize("event", ["{ }", "{no JSON}", '{"a": 1}{"b": 2}'])
def test_what_is_no_record_stays_as_it_is(event: str) -> None:
    [group] = groups(parse(json.dumps({"event": event, "time": _SECONDS}).encode(), FORMATS), FORMATS, {}, "")
    assert group.lines == event.encode()


@pytest.mark.parametrize("time", [_SECONDS, str(_SECONDS), _MILLISECONDS])
def test_lines_of_flex_have_the_time_of_their_envelope(store: Store, tmp_path: Path, time: object) -> None:
    environment = f"hec-flex-{time!r}"
    lines = [
        "[flex-gateway-envoy][info] without a time",
        '{"logger": "flex-gateway-agent", "level": "info", "message": "a record"}',
        "[flex-gateway-agent] [2026-11-23T10:15:31Z] [info] with a time",
        "2026-11-23T10:15:32Z [flex-gateway-envoy][info] with another",
    ]
    body = "".join(json.dumps({"event": line, "time": time, "host": "flex-01"}) for line in lines)
    with http_port(tmp_path, environment=environment) as rig:
        httpx.post(
            f"{rig.http}/services/collector/event", content=body, trust_env=False, timeout=PATIENCE
        ).raise_for_status()
        store_all(store, rig.spool)
    columns = "toUnixTimestamp64Milli(time), gateway_kind, severity, body"
    assert logs_of(store, environment, columns) == [
        (_MILLISECONDS, "flex", "INFO", "a record"),
        (1795428931000, "flex", "INFO", "with a time"),
        (1795428932000, "flex", "INFO", "with another"),
        (_MILLISECONDS, "flex", "INFO", "without a time"),
    ]


@pytest.mark.parametrize("time", [None, "today", {"seconds": 1}, [1], ""])
def test_a_time_that_is_none_is_put_before_no_line(time: object) -> None:
    line = "[flex-gateway-envoy][info] without a time"
    [group] = groups(parse(json.dumps({"event": line, "time": time}).encode(), FORMATS), FORMATS, {}, "")
    assert group.lines == line.encode()
