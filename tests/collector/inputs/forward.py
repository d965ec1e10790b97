"""Forward: the clients for Python and for Node send the records that an agent makes of golden cases."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fluent import sender

from collector.formats.formats import FORMATS
from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import Case
from tests.collector.inputs.inputs import ENVIRONMENT, MOMENT, Input, Send, entries, is_found, is_of_records
from tests.collector.rigs.forward_rig import ForwardRig, forward
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_NODE_CLIENTS = Path(__file__).parents[2] / "node" / "node_modules"

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
                    assert client.emit_with_time(_label(case), MOMENT, record), client.last_error
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
            ["node", "-e", _NODE, str(rig.port), str(directory / "records.json"), str(MOMENT)],
            check=True,
            timeout=PATIENCE,
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(_NODE_CLIENTS)},
        )
    return rig.spool


def _wait_for(rig: ForwardRig, cases: Sequence[Case]) -> None:
    """Nothing is answered, so wait until as many lines are there as were sent."""
    expected = sum(_lines_of(record, case) for case in cases for record in entries(case))
    wait_until(lambda: sum(payload["body"].count(b"\n") for payload in rig.payloads()) >= expected)


def _lines_of(record: dict[str, Any], case: Case) -> int:
    """Of a format of whole records, a record is a line, however many are in it."""
    if case.format in FORMATS.whole_records:
        return 1
    return str(record.get("log", "")).rstrip("\n").count("\n") + 1


_FORWARD: dict[str, Any] = {"peer": "127.0.0.1", "of_text": True, "tells_time": True}

FORWARD_INPUTS = (
    Input("forward-python", _fluent_logger("named"), is_of_records, **_FORWARD),
    Input("forward-python-found", _fluent_logger("found"), is_found, **_FORWARD),
    Input("forward-node", _node_logger, is_of_records, **_FORWARD),
)
