"""A format that nobody knows but a folder: its descriptor and its SQL are enough for every input."""

import importlib.util
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fluent import sender

from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.formats.shared.access import ACCESS_COLUMNS
from collector.importer.block import Block, Labels
from collector.importer.importer import import_file
from collector.receivers.files.config import FilesConfig
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from storage.store import Store
from tests.collector.rigs.file_rig import FileRig
from tests.collector.rigs.forward_rig import forward
from tests.collector.rigs.receiver_rig import receivers
from tests.collector.rigs.storing import writer_of
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_DESCRIPTOR = '''
"""The access log of a shop's own gateway."""

from pathlib import Path

from collector.formats.descriptor import Format, MixedBody, TextLine
from collector.formats.shared.layers import ACCESS, ACCESS_LINES, sql

SHOP = Format(
    "shop",
    "the access log of a shop's own gateway",
    (*ACCESS, *sql(Path(__file__).parent, "shop"), *ACCESS_LINES),
    becomes=("requests", "logs"),
    line=TextLine(r"^shop> \\d{4}-", contains="shop> "),
    mixed_body=MixedBody(marker=rb"\\nshop> ", contains=b"shop> "),
    source_types=("shop_access",),
)
'''

# What the lines tell: shop> time method path status microseconds.
_TOLD = {
    "received_at": "received_at",
    "environment": "payload_environment",
    "named_gateway": "'shop'",
    "peer": "peer",
    "default_kind": "'proxy'",
    "record": "record",
    "problem": "if(length(words) = 6, '', 'not a line of the shop')",
    "started": "parseDateTime64BestEffortOrNull(words[2], 6, 'UTC')",
    "code": "toUInt16OrNull(words[5])",
    "took_us": "toUInt64OrNull(words[6])",
    "method": "words[3]",
    "url": "words[4]",
}
_NOTHING = {
    "String": "''",
    "UInt8": "0",
    "UInt64": "toUInt64(0)",
    "Map(String, String)": "CAST(map(), 'Map(String, String)')",
}

_COUNT = 5


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> Formats:
    folder = tmp_path_factory.mktemp("shop")
    columns = (
        f"{_TOLD.get(column.name) or ('NULL' if column.is_nullable else _NOTHING[column.type])} AS {column.name}"
        for column in ACCESS_COLUMNS
    )
    (folder / "shop.sql").write_text(
        f"SELECT {', '.join(columns)} FROM (SELECT *, splitByChar(' ', line) AS words FROM ({{{{inner}}}}))"
    )
    (folder / "descriptor.py").write_text(_DESCRIPTOR)
    return Formats((_loaded(folder / "descriptor.py"), *FORMATS))


def _loaded(path: Path) -> Format:
    spec = importlib.util.spec_from_file_location("shop_descriptor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = module.SHOP
    assert isinstance(known, Format)
    return known


def _lines() -> list[str]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return [f"shop> {now} GET /orders/{number} {200 + number} {1000 + number}" for number in range(_COUNT)]


def _text() -> bytes:
    return "\n".join(_lines()).encode() + b"\n"


def _records() -> bytes:
    """As agents send lines that they have not parsed."""
    return json.dumps([{"log": line, "stream": "stdout"} for line in _lines()]).encode()


def _events() -> bytes:
    return b"".join(json.dumps({"event": line}).encode() for line in _lines())


Send = Callable[[Path, Formats, str], Spool]


def _http(address: str, body: Callable[[], bytes], **headers: str) -> Send:
    def send(directory: Path, formats: Formats, environment: str) -> Spool:
        with receivers(directory / "spool", environment=environment, formats=formats) as rig:
            httpx.post(
                rig.http + address, content=body(), headers=headers, trust_env=False, timeout=PATIENCE
            ).raise_for_status()
        return rig.spool

    return send


def _forward(**rule: str) -> Send:
    def send(directory: Path, formats: Formats, environment: str) -> Spool:
        settings: dict[str, Any] = {"environment": environment, "rules": [{"tag": "*", **rule}]}
        with forward(directory, settings, formats=formats) as rig:
            client = sender.FluentSender("shop", host="127.0.0.1", port=rig.port)
            for line in _lines():
                assert client.emit(None, {"log": line}), client.last_error
            client.close()
            wait_until(lambda: sum(payload["body"].count(b"shop> ") for payload in rig.payloads()) == _COUNT)
        return rig.spool

    return send


def _files(format_name: str) -> Send:
    def send(directory: Path, formats: Formats, environment: str) -> Spool:
        logs = directory / "logs"
        logs.mkdir()
        (logs / "access.log").write_bytes(_text())
        source = {"include": (f"{logs}/*",), "format": format_name, "environment": environment}
        settings = {"poll_interval": 0.05, "flush_after": 0.2, "finish_after": 0.2, "sources": [source]}
        config = FilesConfig.model_validate(settings, context={"formats": formats})
        rig = FileRig(directory, config, 1 << 30, formats)
        rig.start()
        try:
            rig.wait_for(lambda: len(rig.lines()) == _COUNT)
        finally:
            rig.close()
        return rig.spool

    return send


def _import(format_name: str) -> Send:
    def send(directory: Path, formats: Formats, environment: str) -> Spool:
        path = directory / "access.log"
        path.write_bytes(_text())
        spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
        import_file(path, _Blocks(spool), Labels(environment=environment), format_name=format_name, formats=formats)
        spool.close()
        return spool

    return send


class _Blocks:
    """Takes the blocks of an import, of which nothing is stored yet."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def stored(self, prefix: str) -> set[str]:
        return set()

    def send(self, block: Block) -> None:
        payload = Payload(block.format, block.body, time.time_ns() // 1000, block.environment)
        self._spool.append_segment(block.segment_id, [payload])


INPUTS = {
    "ingest": _http("/ingest/shop", _text),
    "ingest-detected": _http("/ingest", _text),
    "ingest-records": _http("/ingest/shop", _records),
    "ingest-records-detected": _http("/ingest", _records),
    "hec-event": _http("/services/collector/event", _events),
    "hec-raw": _http("/services/collector/raw", _text),
    "hec-source-type": _http("/services/collector/raw?sourcetype=shop_access", _text),
    "forward": _forward(format="shop"),
    "forward-detected": _forward(),
    "files": _files("shop"),
    "files-detected": _files(""),
    "import": _import("shop"),
    "import-detected": _import(""),
}


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_knows_it(store: Store, tmp_path: Path, formats: Formats, name: str) -> None:
    environment = f"folder-{name}"
    spool = INPUTS[name](tmp_path, formats, environment)
    writer = writer_of(store, spool, formats=formats)
    while segment := spool.take(0):
        assert segment.format == "shop"
        writer.store(segment)
    found = store.rows(
        "SELECT gateway, api, method, path, status, duration_us FROM requests WHERE environment = {e:String}"
        " ORDER BY path",
        {"e": environment},
    )
    assert found == [
        ("shop", "orders", "GET", f"/orders/{number}", 200 + number, 1000 + number) for number in range(_COUNT)
    ]


def test_a_body_of_its_lines_and_others_is_taken_apart(tmp_path: Path, formats: Formats) -> None:
    other = '10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "-"'
    lines = _lines()
    body = "\n".join([other, *lines]).encode()
    with receivers(tmp_path, formats=formats) as rig:
        answer = httpx.post(f"{rig.http}/ingest", content=body, trust_env=False, timeout=PATIENCE)
        assert answer.json()["formats"] == ["combined", "shop"]
        assert sorted(rig.spooled()) == [("combined", other.encode()), ("shop", "\n".join(lines).encode())]


def test_the_list_of_this_process_is_as_before(formats: Formats) -> None:
    assert "shop" in formats.by_name
    assert "shop" not in FORMATS.by_name


@pytest.mark.parametrize("name", ["combined", "with space"])
def test_a_name_is_its_own_and_a_word(name: str) -> None:
    twin = Format(name, "", (), becomes=())
    with pytest.raises(ValueError, match="needs a name of its own"):
        Formats((*FORMATS, twin))
