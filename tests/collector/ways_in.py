"""The ways in that carry lines and records: each sends golden cases by a client, and leaves a spool that holds them."""

import gzip
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from fluent import sender  # type: ignore[import-untyped]

from collector.importer import Block, import_file
from collector.payload import Payload
from collector.receivers.files.config import FilesConfig, FileSource
from collector.spool.spool import Spool, SpoolConfig
from collector.transforms.detect import detect
from collector.transforms.formats import formats
from tests.collector.file_rig import FileRig
from tests.collector.forward_rig import ForwardRig, forward
from tests.collector.golden_cases import PEER, RECEIVED_AT, Case
from tests.collector.ingest_rig import http_port
from tests.collector.prometheus_rig import wait_until
from tests.collector.receiver_rig import Rig

Send = Callable[[Path, Sequence[Case]], Spool]

ENVIRONMENT = "golden"
_MOMENT = int(RECEIVED_AT.timestamp())
_NODE_CLIENTS = Path(__file__).parents[1] / "node" / "node_modules"

# How a record of Mule's logs begins; a stack trace, or JSON over many lines, goes on behind it.
_MULE_RECORD = re.compile(rb"^(?=(?:, )?\{|(?:[A-Z]+ +)?\d{4}-\d\d-\d\d[ T]|com\.mulesoft\.)", re.MULTILINE)
_RECORDS_OF_LINES = {"mule_log": _MULE_RECORD, "mule_analytics": _MULE_RECORD}

# The records of each case to one client, with time and tag.
_NODE = """
const { FluentClient, EventTime } = require("@fluent-org/logger");
const [port, file, moment] = process.argv.slice(1);
const client = new FluentClient("named", {
  socket: { host: "127.0.0.1", port: Number(port) },
  eventMode: "CompressedPackedForward",
  sendQueueIntervalFlushLimit: { records: 100000 },
  ack: { ackTimeout: 10000 },
});
(async () => {
  const answered = [];
  for (const { tag, records } of JSON.parse(require("fs").readFileSync(file)))
    for (const record of records) answered.push(client.emit(tag, record, new EventTime(Number(moment), 0)));
  await client.flush();
  await Promise.all(answered);
  await client.disconnect();
})().catch((error) => { console.error(error); process.exit(1); });
"""

_PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}

# Formats whose records are objects, which agents send as such.
_OBJECTS = frozenset({"json", "flex"})


@dataclass(frozen=True)
class Way:
    """A way in. `copies` are how often it sends each case, `peer` is who it says has sent it."""

    name: str
    send: Send
    carries: Callable[[Case], bool]
    copies: int = 1
    peer: str = PEER
    # Whether the client sends text, in which bytes that are no UTF-8 are replaced before they are sent.
    of_text: bool = False
    # Whether the client tells a time for each record: of a record that is a log it comes first.
    tells_time: bool = False


def lines(case: Case) -> list[bytes]:
    """What an agent makes records of: lines, or several where a record has them. It skips those that are empty."""
    pattern = _RECORDS_OF_LINES.get(case.format)
    found = pattern.split(case.body()) if pattern else case.body().split(b"\n")
    return [line.removesuffix(b"\n") for line in found if line.strip()]


def texts(case: Case) -> list[str]:
    return [line.decode("utf-8", "replace") for line in lines(case)]


def is_told_by_each_line(case: Case) -> bool:
    """Whether what is not named can be found, whichever record comes first."""
    found = {detect(line) for line in lines(case)}
    return found == {case.format} or (case.format == "json" and found == {None} and is_of_objects(case))


def is_of_objects(case: Case) -> bool:
    return all(_object(text) is not None for text in texts(case))


def records(case: Case) -> list[dict[str, Any]]:
    """As an agent has them: an object that it has parsed, or a line under `log`."""
    found = []
    for text in texts(case):
        parsed = _object(text) if case.format in _OBJECTS else None
        found.append({"log": text} if parsed is None else parsed)
    return found


def entries(case: Case) -> list[dict[str, Any]]:
    """The same without time and tag, which Forward has for every record."""
    ours = {"fluent_time", "fluent_tag"}
    return [{name: value for name, value in record.items() if name not in ours} for record in records(case)]


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _rules(cases: Sequence[Case]) -> dict[str, Any]:
    formats = sorted({case.format for case in cases})
    return {"environment": ENVIRONMENT, "rules": [{"tag": f"named.{name}.*", "format": name} for name in formats]}


def _label(case: Case) -> str:
    return case.name.replace("/", ".")


def _fluent_logger(prefix: str) -> Send:
    """The client for Python: each record is a message of its own."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        with forward(directory, _rules(cases)) as rig:
            client = sender.FluentSender(prefix, host="127.0.0.1", port=rig.port)
            for case in cases:
                for record in entries(case):
                    assert client.emit_with_time(_label(case), _MOMENT, record), client.last_error
            client.close()
            _wait_for(rig, cases)
        return rig.spool

    return send


def _node_logger(directory: Path, cases: Sequence[Case]) -> Spool:
    """The client for Node: the records of a case are one message, packed, which is answered."""
    if shutil.which("node") is None or not _NODE_CLIENTS.exists():
        pytest.skip("The logger for Node was not found; run `scripts/peers.sh`, which needs npm.")
    told = [{"tag": _label(case), "records": entries(case)} for case in cases]
    (directory / "records.json").write_text(json.dumps(told))
    with forward(directory, _rules(cases)) as rig:
        subprocess.run(
            ["node", "-e", _NODE, str(rig.port), str(directory / "records.json"), str(_MOMENT)],
            check=True,
            timeout=60,
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(_NODE_CLIENTS)},
        )
    return rig.spool


def _wait_for(rig: ForwardRig, cases: Sequence[Case]) -> None:
    """Nothing is answered, so wait until as many lines are there as were sent."""
    expected = sum(len(_json_or_line(record).split("\n")) for case in cases for record in entries(case))
    wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) >= expected)


def _json_or_line(record: dict[str, Any]) -> str:
    return str(record.get("log", "")).rstrip("\n")


def _curl(rig: Rig, address: str, body: bytes, directory: Path) -> None:
    (directory / "body").write_bytes(body)
    command = ["curl", "--silent", "--fail-with-body", "--data-binary", f"@{directory / 'body'}"]
    subprocess.run([*command, rig.http + address], check=True, timeout=30, stdout=subprocess.DEVNULL)


def _post(rig: Rig, address: str, body: bytes, content_type: str = "", encoding: str = "", **more: str) -> None:
    packed = _PACKINGS[encoding](body)
    headers = {"Content-Type": content_type, "Content-Encoding": encoding, **more}
    told = {name: value for name, value in headers.items() if value}
    answer = httpx.post(rig.http + address, content=packed, headers=told, trust_env=False, timeout=30)
    assert answer.is_success, (address, answer.text)


def _ingest(is_named: bool) -> Send:
    """curl, and httpx with what it packs."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        with http_port(directory / "spool", environment=ENVIRONMENT) as rig:
            for case in cases:
                address = f"/ingest/{case.format if is_named else ''}".rstrip("/") + f"?peer={PEER}"
                _curl(rig, address, case.body(), directory)
                for encoding in ("gzip", "zstd"):
                    _post(rig, address, case.body(), encoding=encoding)
        return rig.spool

    return send


def _ingest_records(directory: Path, cases: Sequence[Case]) -> Spool:
    """What an agent has made records of, as lines of JSON and as an array."""
    with http_port(directory / "spool", environment=ENVIRONMENT) as rig:
        for case in cases:
            address = f"/ingest/{case.format}?peer={PEER}"
            told = [json.dumps(record, separators=(",", ":")) for record in records(case)]
            _post(rig, address, "\n".join(told).encode(), "application/x-ndjson", "gzip")
            _post(rig, address, f"[{','.join(told)}]".encode(), "application/json")
    return rig.spool


def _mule_events(directory: Path, cases: Sequence[Case]) -> Spool:
    """As the gateway sends them: an array, packed."""
    with http_port(directory / "spool", environment=ENVIRONMENT) as rig:
        for case in cases:
            body = f"[{','.join(texts(case))}]".encode()
            _post(rig, f"/v2/analytics/events?peer={PEER}", body, "application/json; charset=UTF-8", "gzip")
    return rig.spool


def _hec_raw(directory: Path, cases: Sequence[Case]) -> Spool:
    """A sourcetype says the format."""
    sourcetypes = [{"name": f"our:{name}", "format": name} for name in LINES]
    with http_port(directory / "spool", environment=ENVIRONMENT, hec={"sourcetypes": sourcetypes}) as rig:
        for case in cases:
            address = f"/services/collector/raw?sourcetype=our:{case.format}&host={PEER}"
            _post(rig, address, case.body(), encoding="gzip")
    return rig.spool


def _hec_events(is_named: bool) -> Send:
    """The token says the format, or the first event does: a sourcetype would be an attribute of what is a log."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        tokens = [{"token": f"of-{name}", "format": name if is_named else ""} for name in LINES]
        with http_port(directory / "spool", environment=ENVIRONMENT, hec={"tokens": tokens}) as rig:
            for case in cases:
                told = [record["log"] if record.keys() == {"log"} else record for record in records(case)]
                events = [json.dumps({"event": event, "host": PEER}, separators=(",", ":")) for event in told]
                secret = f"Splunk of-{case.format}"
                _post(rig, "/services/collector/event", "".join(events).encode(), encoding="gzip", Authorization=secret)
        return rig.spool

    return send


def _followed(is_named: bool) -> Send:
    """Files that are there, and end with a line's end as those of a gateway do."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        sources = []
        for name in sorted({case.format for case in cases}):
            logs = directory / "logs" / name
            logs.mkdir(parents=True)
            format_name = name if is_named else ""
            include = (f"{logs}/*",)
            sources.append(FileSource(include=include, environment=ENVIRONMENT, container="none", format=format_name))
        for case in cases:
            body = case.body()
            path = directory / "logs" / case.format / f"{case.path.stem}.log"
            path.write_bytes(body if body.endswith(b"\n") else body + b"\n")
        config = FilesConfig(poll_interval=0.05, flush_after=0.2, finish_after=0.2, sources=tuple(sources))
        rig = FileRig(directory, config, 1 << 30)
        rig.start()
        expected = sum(case.body().rstrip(b"\n").count(b"\n") + 1 for case in cases)
        try:
            rig.wait_for(lambda: len(rig.lines()) >= expected)
        finally:
            rig.close()
        return rig.spool

    return send


class _Blocks:
    """What `gatelens import` hands over to, a spool of our own."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def stored(self, segment_ids: Sequence[str]) -> set[str]:
        return set()

    def send(self, block: Block) -> None:
        told = (block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, PEER)
        self._spool.append_segment(block.segment_id, [Payload(*told)])


def _imported(is_named: bool) -> Send:
    """Whole files, packed as rotation leaves them."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
        for number, case in enumerate(cases):
            encoding = list(_PACKINGS)[number % len(_PACKINGS)]
            path = directory / f"{case.format}-{case.path.stem}.{encoding or 'log'}"
            path.write_bytes(_PACKINGS[encoding](case.body()))
            format_name = case.format if is_named else ""
            import_file(path, _Blocks(spool), format_name=format_name, environment=ENVIRONMENT, salt=str(directory))
        spool.close()
        return spool

    return send


def _is_of_lines(case: Case) -> bool:
    return case.format in LINES


def _is_body(case: Case) -> bool:
    """A request without a body is refused."""
    return bool(case.body())


def _is_text(case: Case) -> bool:
    """Lines, or a text of its own: what is scraped, or an export as JSON."""
    return formats()[case.format].is_text


def _is_of_records(case: Case) -> bool:
    return _is_of_lines(case) and case.name not in _NO_RECORDS


def _is_found(case: Case) -> bool:
    return _is_of_lines(case) and case.name not in _NOT_FOUND and is_told_by_each_line(case)


def _is_found_in_a_file(case: Case) -> bool:
    return _is_found(case) and case.format != "json"


def _is_found_whole(case: Case) -> bool:
    return _is_found_in_a_file(case) or (not _is_of_lines(case) and detect(case.body()) == case.format)


def _is_found_in_a_body(case: Case) -> bool:
    return _is_found(case) or _is_found_whole(case)


def _is_a_mule_event(case: Case) -> bool:
    return case.name == "mule_analytics/agent_file"


# Formats whose payloads are lines, and may come by any way that carries lines.
LINES = (
    "envoy_json", "envoy_text", "combined", "common", "haproxy", "mule_analytics", "mule_log", "flex", "json",
)  # fmt: skip

# What is no JSON cannot be a record of JSON: an agent has it as text, and text is a log.
_NO_RECORDS = frozenset({"json/broken", "flex/broken", "mule_analytics/broken"})
# Without the names that tell an access log, a record is a log.
_NOT_FOUND = frozenset({"envoy_json/missing"})

_FORWARD: dict[str, Any] = {"peer": "127.0.0.1", "of_text": True, "tells_time": True}

LINE_WAYS = (
    Way("forward-python", _fluent_logger("named"), _is_of_records, **_FORWARD),
    Way("forward-python-found", _fluent_logger("found"), _is_found, **_FORWARD),
    Way("forward-node", _node_logger, _is_of_records, **_FORWARD),
    Way("ingest", _ingest(is_named=True), _is_body, copies=3),
    Way("ingest-found", _ingest(is_named=False), _is_found_in_a_body, copies=3),
    Way("ingest-records", _ingest_records, _is_of_records, copies=2, of_text=True),
    Way("mule-events", _mule_events, _is_a_mule_event),
    Way("hec-raw", _hec_raw, _is_of_lines),
    Way("hec-event", _hec_events(is_named=True), _is_of_records, of_text=True),
    Way("hec-event-found", _hec_events(is_named=False), _is_found, of_text=True),
    Way("files", _followed(is_named=True), _is_of_lines),
    Way("files-found", _followed(is_named=False), _is_found_in_a_file),
    Way("import", _imported(is_named=True), _is_text),
    Way("import-found", _imported(is_named=False), _is_found_whole),
)
