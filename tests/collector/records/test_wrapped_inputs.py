"""Wrapped lines by each input that takes lines: the same formats, lines, gateways and instances."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import msgpack  # type: ignore[import-untyped]
import pytest

from collector.formats.formats import FORMATS
from collector.formats.mule.descriptor import MULE_LOG
from collector.receivers.files.lines import Cut, Reading, cut
from collector.records.classify import Classifier
from tests.collector.rigs.file_rig import append, following
from tests.collector.rigs.forward_rig import MOMENT, forward
from tests.collector.rigs.ingest_rig import http_port, payloads
from tests.patience import PATIENCE

_ACCESS = '203.0.113.4 - - [23/Nov/2026:10:15:30 +0000] "GET /orders/17 HTTP/1.1" 200 117 "-" "curl/8.5.0"'
_MULE = (
    "ERROR 2026-11-23 10:15:30,123 [main] org.mule.Example: no stock",
    "",
    "\tat org.mule.Example.run(Example.java:17)",
)
_POD = "[pod/edge-7d9c8b5f66-x2x4q/app] "
_COMPOSE = "orders-1  | "
_LINES = (_POD + _ACCESS, *(_COMPOSE + line for line in _MULE))

# (format, gateway, instance): lines
_FOUND = {
    ("combined", "edge", "edge-7d9c8b5f66-x2x4q"): [_ACCESS],
    ("mule_log", "orders", "orders-1"): list(_MULE),
}

Found = dict[tuple[str, str, str], list[str]]


def _posted(directory: Path, address: str, body: bytes, content_type: str = "") -> Found:
    with http_port(directory) as rig, httpx.Client(base_url=rig.http, trust_env=False, timeout=PATIENCE) as client:
        answer = client.post(address, content=body, headers={"Content-Type": content_type} if content_type else {})
        assert answer.is_success, answer.text
        return {
            (told["format"], told["gateway"], told["peer"]): told["body"].decode().rstrip("\n").split("\n")
            for told in payloads(rig)
        }


def _by_post(directory: Path) -> Found:
    return _posted(directory, "/ingest", "\n".join(_LINES).encode())


def _by_post_of_records(directory: Path) -> Found:
    return _posted(directory, "/ingest", json.dumps([{"log": line + "\n", "date": 1.5} for line in _LINES]).encode())


def _by_post_of_messagepack(directory: Path) -> Found:
    entries = b"".join(msgpack.packb([MOMENT, {"log": line}]) for line in _LINES)
    return _posted(directory, "/ingest", entries, "application/msgpack")


def _by_hec(directory: Path) -> Found:
    events = "".join(json.dumps({"event": line, "host": "h"}) for line in _LINES)
    return _posted(directory, "/services/collector/event", events.encode())


def _by_hec_raw(directory: Path) -> Found:
    return _posted(directory, "/services/collector/raw", "\n".join(_LINES).encode())


def _by_forward(directory: Path) -> Found:
    with forward(directory, {}) as rig:
        with rig.connect() as agent:
            agent.send(["t", [[MOMENT, {"log": line}] for line in _LINES], {"chunk": "c"}])
            assert agent.answer() == {"ack": "c"}
        return {
            (told["format"], told["gateway"], told["peer"]): told["body"].decode().rstrip("\n").split("\n")
            for told in rig.payloads()
        }


def _by_a_file(directory: Path) -> Found:
    (directory / "logs").mkdir()
    append(directory / "logs" / "a.log", [line.encode() for line in _LINES])
    with following(directory, {"format": "", "container": "auto"}) as rig:
        rig.wait_for(lambda: len(rig.payloads()) >= len(_FOUND))
        return {(told.format, told.gateway, told.peer): told.body.decode().split("\n") for told in rig.payloads()}


@pytest.mark.parametrize(
    "send",
    [_by_post, _by_post_of_records, _by_post_of_messagepack, _by_hec, _by_hec_raw, _by_forward, _by_a_file],
)
def test_each_input_takes_lines_out_of_what_they_are_wrapped_in(tmp_path: Path, send: Callable[[Path], Found]) -> None:
    assert send(tmp_path) == _FOUND


def test_what_the_address_says_of_the_gateway_comes_behind_the_pod(tmp_path: Path) -> None:
    [(_, gateway, instance)] = _posted(tmp_path, "/ingest?gateway=named&peer=p", (_POD + _ACCESS).encode())
    assert (gateway, instance) == ("edge", "edge-7d9c8b5f66-x2x4q")


@pytest.mark.parametrize("wrapper", ["none", "docker", "cri"])
def test_a_file_is_not_cut_between_a_message_and_its_body(wrapper: str) -> None:
    lines = [_MULE[0], "POST /orders HTTP/1.1", "", '{"order":4711}']
    wrapped = {
        "none": lines,
        "docker": [json.dumps({"log": line + "\n", "stream": "stdout"}, separators=(",", ":")) for line in lines],
        "cri": [f"2026-11-23T10:15:30Z stdout F {line}" for line in lines],
    }[wrapper]
    before = wrapped[0].encode() + b"\n"
    block = before + "\n".join([*wrapped, ""]).encode()
    reading = Reading("mule_log", wrapper, MULE_LOG.first_line, 1 << 20)
    assert cut(block, reading, mid_line=False, is_full=False, settled=False, final=False) == Cut(len(before))


@pytest.mark.parametrize("damaged", ['{"api_id":', '{"api_id":4605,"received_ts":"2026'])
def test_a_damaged_line_in_one_record_with_a_whole_one_does_not_hide_it(damaged: str) -> None:
    event = json.dumps({"api_id": 1, "api_version_id": 2, "received_ts": "2026-11-23T10:15:30Z", "status_code": 200})
    for text in (f"{event}\n{damaged}", f"{damaged}\n{event}", f"{event}\n{damaged}\n{event}\n"):
        assert Classifier(FORMATS).formats_of([{"log": text}]) == ["mule_analytics"]
        assert Classifier(FORMATS).formats_of_texts([text]) == ["mule_analytics"]
