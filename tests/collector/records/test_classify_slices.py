"""Records that go on over more lines, in bodies of several slices: no line is parted from its record."""

import json
from collections.abc import Callable, Iterator

import msgpack  # type: ignore[import-untyped]
import pytest

from collector.formats.formats import FORMATS
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.message import Message
from collector.receivers.forward.records import Records
from collector.receivers.http.hec_events import groups, parse
from collector.records.json_body import recognised
from collector.records.slices import SLICE_BYTES
from tests.collector.inputs.records_of_formats import COMBINED, MULE

_TRACE = [f"\tat org.mule.runtime.Step{number}.run(Step{number}.java:{number})" for number in range(40)]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Lines of Mule's log, most of them of stack traces, and one of an access log at either end."""
    logged: list[str] = [COMBINED]
    while sum(map(len, logged)) < 3 * SLICE_BYTES:
        logged += [MULE, *_TRACE]
    return [*logged, COMBINED]


def _as_json(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    body = "\n".join(json.dumps({"log": line, "stream": "stdout"}) for line in lines).encode()
    return ((part.format, part.body) for part in recognised(body, FORMATS))


def _as_text(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    # With an object in it, a body is looked at line by line.
    return ((part.format, part.body) for part in recognised("\n".join(["{}", *lines]).encode(), FORMATS))


def _as_events_of_text(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    body = "".join(json.dumps({"event": line}) for line in lines).encode()
    return ((group.format, group.lines) for group in groups(parse(body, FORMATS), FORMATS, {}, ""))


def _as_events_of_objects(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    body = "".join(json.dumps({"event": {"log": line}}) for line in lines).encode()
    return ((group.format, group.lines) for group in groups(parse(body, FORMATS), FORMATS, {}, ""))


def _over_forward(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    config = ForwardConfig()
    records = Records(Rules(config, FORMATS), config)
    records.add(Message("mule", msgpack.packb([[number, {"log": line}] for number, line in enumerate(lines)])))
    return ((kind.format, body) for kind, body in records.payloads())


@pytest.mark.parametrize("way", [_as_json, _as_text, _as_events_of_text, _as_events_of_objects, _over_forward])
def test_no_line_is_parted_from_its_record(
    lines: list[str], way: Callable[[list[str]], Iterator[tuple[str, bytes]]]
) -> None:
    found = {name: body.decode().strip("\n").split("\n") for name, body in way(lines)}
    found.pop("json", None)
    assert found.keys() == {"combined", "mule_log"}
    assert found["combined"] == [COMBINED, COMBINED]
    assert found["mule_log"] == lines[1:-1]
