"""Every format by every input: as many rows as the golden cases have, and the same in every column.

What an input itself adds is left out: who has sent it, where the record does not say so, and of Forward the tag and
the time of logs and measurements. What is no UTF-8 cannot be sent as text: clients put U+FFFD in its place, as we do
where a column is text.
"""

import json
import re
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.encoding.protobuf import read_varint
from collector.formats.formats import FORMATS
from collector.formats.otlp.descriptor import NOT_OTLP
from collector.spool.frame import frames
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.inputs.binary import BINARY_INPUTS, REFUSED
from tests.collector.inputs.files import FILE_INPUTS
from tests.collector.inputs.forward import FORWARD_INPUTS
from tests.collector.inputs.golden_cases import CASES, PEER, RECEIVED_AT, Case, rows_of
from tests.collector.inputs.http import HTTP_INPUTS
from tests.collector.inputs.inputs import ENVIRONMENT, Input
from tests.collector.inputs.scrape import SCRAPES
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import writer_of
from tests.patience import PATIENCE

INPUTS = (*FORWARD_INPUTS, *HTTP_INPUTS, *FILE_INPUTS, *BINARY_INPUTS, *SCRAPES)

_SENDERS = frozenset({"gateway", "instance", "host", "peer"})
_TARGET = re.compile(r"^127\.0\.0\.1(?::\d+)?$")
_REPLACED = re.compile("\ufffd+")
# In microseconds; Forward gives each payload a moment of its own.
_AT_ONCE = re.compile(r"^2026-11-23 10:16:00\.000(?:\d{3})?$")

_OWN_INPUTS = {
    "otlp-grpc": "OTLP over gRPC",
    "otlp-http": "OTLP over HTTP",
    "otlp-http-json": "OTLP over HTTP",
    "als": "ALS",
    "remote-write": "remote write",
    "mule-events": "Mule's `POST`",
    "scrape": "scrape",
}

NONE: Counter[str] = Counter()
Rows = dict[str, Counter[str]]


def _arrive_with_the_golden_cases(directory: Path) -> None:
    """Replace the moment of arrival, which is now, by that of the golden cases: times become the same."""
    moment = int(RECEIVED_AT.timestamp() * 1_000_000)
    for path in directory.glob("*.ready"):
        data = bytearray(path.read_bytes())
        for frame in frames(memoryview(data)):
            _, start = read_varint(frame, 0)
            (arrived,) = struct.unpack_from("<Q", frame, start + 1)
            assert abs(arrived / 1_000_000 - time.time()) < 120
            struct.pack_into("<Q", frame, start + 1, moment)
            frame.release()
        path.write_bytes(data)


def _stored(store: Store, source: Input, spool: Spool, directory: Path) -> Rows:
    """The rows of all that an input has brought, by format."""
    _arrive_with_the_golden_cases(directory)
    writer = writer_of(store, spool)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    while segment := spool.take(0):
        writer.store(segment)
        rows = rows_of(store, segment.id)
        counted = store.rows("SELECT sum(records) FROM books WHERE segment_id = {s:String}", {"s": segment.id})
        assert counted == [(len(rows),)]
        found[segment.format].update(
            _compared(_from_nobody(row, source, directory), source, segment.format) for row in rows
        )
    return dict(found)


def _from_nobody(row: Mapping[str, Any], source: Input, directory: Path) -> dict[str, Any]:
    """Of a followed file its host and path are who has sent it, of what is scraped the host and perhaps the port."""
    told = dict(row)
    for name in _SENDERS & row.keys():
        is_target = source.peer == PEER and _TARGET.match(row[name])
        if is_target or f":{directory.parent}" in row[name]:
            told[name] = PEER
    return told


def _compared(row: Mapping[str, Any], source: Input, format_name: str) -> str:
    told = dict(row)
    if source.tells_time and told["table"] in ("logs", "metrics") and format_name in ("json", "flex", "fluent_metrics"):
        del told["time"]
    for name in ("attributes", "labels"):
        told[name] = {key: value for key, value in told.get(name, {}).items() if key != "fluent.tag"}
    if format_name == NOT_OTLP.name:
        # JavaScript has no integers above 2^53.
        told["body"] = json.loads(told["body"], parse_int=float)
    for name in ("time", "received_at"):
        if name in told and _AT_ONCE.match(told[name]):
            told[name] = "arrival"
    return _REPLACED.sub("\ufffd", json.dumps(told, sort_keys=True, ensure_ascii=False))


def _expected(case: Case, source: Input) -> Counter[str]:
    found: Counter[str] = Counter()
    if case.name in REFUSED:
        found[_compared(_dead_letter(case, source), source, NOT_OTLP.name)] += source.copies
        return found
    for row in [*case.rows(), *source.adds(case)]:
        told = {name: source.peer if value == PEER else value for name, value in row.items()}
        body = str(told.get("body", ""))
        if source.of_text and body.startswith("hex "):
            told["body"] = bytes.fromhex(body[4:]).decode("utf-8", "replace")
        found[_compared(told, source, case.format)] += source.copies
    return found


def _dead_letter(case: Case, source: Input) -> dict[str, Any]:
    """The row of a case that is refused where nobody waits for an answer."""
    return {
        "table": "dead_letters",
        "received_at": "arrival",
        "reason": NOT_OTLP.reason,
        "peer": source.peer,
        "body": case.body().decode(),
        "environment": ENVIRONMENT,
    }


@pytest.fixture(scope="module", params=INPUTS, ids=lambda source: source.name)
def sent(request: pytest.FixtureRequest, store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Input, Rows]:
    source = request.param
    directory = tmp_path_factory.mktemp(source.name)
    cases = [case for case in CASES if source.carries(case)]
    spool = source.send(directory, cases)
    return source, _stored(store, source, spool, directory / "spool")


def test_every_case_arrives_as_it_was_sent(sent: tuple[Input, Rows]) -> None:
    source, found = sent
    expected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case in CASES:
        if source.carries(case):
            expected[NOT_OTLP.name if case.name in REFUSED else case.format] += _expected(case, source)
    # A case may tell of nothing: then it may be left out on the way.
    assert {name for name, rows in expected.items() if rows} <= found.keys() <= expected.keys()
    for name, rows in expected.items():
        # What is wrong, and what is missing.
        assert (name, found.get(name, Counter()) - rows, rows - found.get(name, Counter())) == (
            name,
            Counter(),
            Counter(),
        )


@pytest.mark.parametrize(("name", "address"), REFUSED.items())
def test_json_that_is_no_otlp_is_refused_whole(tmp_path: Path, name: str, address: str) -> None:
    [case] = [case for case in CASES if case.name == name]
    with receivers(tmp_path) as rig:
        headers = {"Content-Type": "application/json"}
        answer = httpx.post(rig.http + address, content=case.body(), headers=headers, trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, rig.spooled()) == (400, [])


def _documented() -> dict[str, dict[str, str]]:
    """The table of docs/sources.md: for each format, what each input says of it."""
    text = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
    section = text.partition("## What each input takes")[2].partition("\n## ")[0]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    return {row[0].strip("`"): dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def _shown(source: str) -> set[str]:
    """The formats that an input has been shown to take here."""
    [found] = [known for known in INPUTS if known.name == source]
    return {case.format for case in CASES if found.carries(case)}


@pytest.mark.parametrize(
    ("heading", "named", "found"),
    [
        ("Forward", "forward-python", "forward-python-found"),
        ("`/ingest`", "ingest", "ingest-found"),
        ("HEC", "hec-raw", "hec-event-found"),
        ("files", "files", "files-found"),
        ("import", "import", "import-found"),
    ],
)
def test_the_documentation_says_what_each_way_takes(heading: str, named: str, found: str) -> None:
    told = {name: cells[heading] for name, cells in _documented().items()}
    assert told.keys() == FORMATS.ingestible.keys()
    assert {name for name, cell in told.items() if cell} == _shown(named)
    assert {name for name, cell in told.items() if cell == "found"} == _shown(found)


def test_the_documentation_says_which_way_is_a_formats_own() -> None:
    own: dict[str, set[str]] = {}
    for source, words in _OWN_INPUTS.items():
        for name in _shown(source):
            own.setdefault(name, set()).add(words)
    told = {name: cells["its own protocol"] for name, cells in _documented().items()}
    assert {name: set(cell.split(", ")) for name, cell in told.items() if cell} == own
