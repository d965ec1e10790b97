"""HTTP: POST, Mule's own and Splunk's, of golden cases as they are and as an agent's records."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest
import zstandard

from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import PEER, Case
from tests.collector.inputs.inputs import (
    ENVIRONMENT,
    LINES,
    Input,
    Send,
    client_of,
    is_a_mule_event,
    is_body,
    is_found,
    is_found_in_a_body,
    is_of_lines,
    is_of_records,
    records,
    texts,
)
from tests.collector.rigs.ingest_rig import http_port
from tests.collector.rigs.receiver_rig import Rig
from tests.patience import PATIENCE

_PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}


def _curl(rig: Rig, address: str, body: bytes, directory: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("No curl was found; run `scripts/peers.sh`.")
    (directory / "body").write_bytes(body)
    command = ["curl", "--silent", "--fail-with-body", "--data-binary", f"@{directory / 'body'}"]
    subprocess.run([*command, rig.http + address], check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)


def _post(
    client: httpx.Client, address: str, body: bytes, content_type: str = "", encoding: str = "", **more: str
) -> None:
    packed = _PACKINGS[encoding](body)
    headers = {"Content-Type": content_type, "Content-Encoding": encoding, **more}
    told = {name: value for name, value in headers.items() if value}
    answer = client.post(address, content=packed, headers=told)
    assert answer.is_success, (address, answer.text)


def _ingest(is_named: bool) -> Send:
    """curl, and httpx with what it packs."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        with http_port(directory / "spool", environment=ENVIRONMENT) as rig, client_of(rig) as client:
            for case in cases:
                address = f"/ingest/{case.format if is_named else ''}".rstrip("/") + f"?peer={PEER}"
                _curl(rig, address, case.body(), directory)
                for encoding in ("gzip", "zstd"):
                    _post(client, address, case.body(), encoding=encoding)
        return rig.spool

    return send


def _ingest_records(directory: Path, cases: Sequence[Case]) -> Spool:
    """What an agent has made records of, as lines of JSON and as an array."""
    with http_port(directory / "spool", environment=ENVIRONMENT) as rig, client_of(rig) as client:
        for case in cases:
            address = f"/ingest/{case.format}?peer={PEER}"
            told = [json.dumps(record, separators=(",", ":")) for record in records(case)]
            _post(client, address, "\n".join(told).encode(), "application/x-ndjson", "gzip")
            _post(client, address, f"[{','.join(told)}]".encode(), "application/json")
    return rig.spool


def _mule_events(directory: Path, cases: Sequence[Case]) -> Spool:
    """As the gateway sends them: an array, packed."""
    with http_port(directory / "spool", environment=ENVIRONMENT) as rig, client_of(rig) as client:
        for case in cases:
            body = f"[{','.join(texts(case))}]".encode()
            _post(client, f"/v2/analytics/events?peer={PEER}", body, "application/json; charset=UTF-8", "gzip")
    return rig.spool


def _hec_raw(directory: Path, cases: Sequence[Case]) -> Spool:
    """A sourcetype says the format."""
    sourcetypes = [{"name": f"our:{name}", "format": name} for name in LINES]
    with (
        http_port(directory / "spool", environment=ENVIRONMENT, hec={"sourcetypes": sourcetypes}) as rig,
        client_of(rig) as client,
    ):
        for case in cases:
            address = f"/services/collector/raw?sourcetype=our:{case.format}&host={PEER}"
            _post(client, address, case.body(), encoding="gzip")
    return rig.spool


def _hec_events(is_named: bool) -> Send:
    """The token says the format, or the first event does: a sourcetype would be an attribute of what is a log."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        tokens = [{"token": f"of-{name}", "format": name if is_named else ""} for name in LINES]
        with (
            http_port(directory / "spool", environment=ENVIRONMENT, hec={"tokens": tokens}) as rig,
            client_of(rig) as client,
        ):
            for case in cases:
                told = [record["log"] if record.keys() == {"log"} else record for record in records(case)]
                events = [json.dumps({"event": event, "host": PEER}, separators=(",", ":")) for event in told]
                secret = f"Splunk of-{case.format}"
                _post(
                    client, "/services/collector/event", "".join(events).encode(), encoding="gzip", Authorization=secret
                )
        return rig.spool

    return send


HTTP_INPUTS = (
    Input("ingest", _ingest(is_named=True), is_body, copies=3),
    Input("ingest-found", _ingest(is_named=False), is_found_in_a_body, copies=3),
    Input("ingest-records", _ingest_records, is_of_records, copies=2, of_text=True),
    Input("mule-events", _mule_events, is_a_mule_event),
    Input("hec-raw", _hec_raw, is_of_lines),
    Input("hec-event", _hec_events(is_named=True), is_of_records, of_text=True),
    Input("hec-event-found", _hec_events(is_named=False), is_found, of_text=True),
)
