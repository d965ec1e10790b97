"""A receiver that nobody knows but its folder and the list: it is started, takes lines in, and is stopped."""

import importlib.util
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from opentelemetry.metrics import NoOpMeter
from starlette.types import ASGIApp

from collector.config import CollectorConfig
from collector.formats.formats import FORMATS
from collector.intake.intake import Intake
from collector.receivers.context import ReceiverContext
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.net.sender_tokens import FindSender
from collector.receivers.receiver import RECEIVERS, Receiver, ReceiverKind
from collector.telemetry import CollectorMetrics
from gatelens.data_directory.directory import DataDirectory
from gatelens.machine.listeners import bind
from gatelens.process.ingestion import Ingestion, start_ingestion
from gatelens.process.running_parts import RunningParts
from storage.store import Store
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.waiting import wait_until
from tests.patience import PATIENCE

_RECEIVER = '''
"""A line in each datagram."""

import asyncio

from collector.receivers.context import ReceiverContext


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, context: ReceiverContext) -> None:
        self._intake = context.intake
        self._taken = set()
        self.address = ""

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        await asyncio.gather(*self._taken)
        self._transport.close()

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        accepted = self._intake.accept("datagrams", "envoy_json", data, peer=peer[0], environment="datagrams")
        self._taken.add(asyncio.ensure_future(accepted))
'''


class _Anybody:
    """Checks of senders that let everybody in."""

    def around_intake(self, app: ASGIApp, intake: Intake) -> ASGIApp:
        return app

    def grpc_senders(self, config: GrpcConfig) -> FindSender | None:
        return None


@pytest.fixture
def datagrams(tmp_path: Path) -> ReceiverKind:
    folder = tmp_path / "datagrams"
    folder.mkdir()
    (folder / "receiver.py").write_text(_RECEIVER)
    spec = importlib.util.spec_from_file_location("datagrams_receiver", folder / "receiver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return ReceiverKind("datagrams", cast(Callable[[ReceiverContext], Receiver], module.Datagrams))


@pytest.fixture
def ingestion(store: Store, tmp_path: Path, datagrams: ReceiverKind) -> Iterator[Ingestion]:
    parts = RunningParts()
    free = {"listen": "127.0.0.1:0"}
    config = CollectorConfig.model_validate({"grpc": free, "http": free, "forward": free})
    http_socket = bind("127.0.0.1:0", "http")
    try:
        yield start_ingestion(
            parts,
            store,
            DataDirectory(tmp_path / "data"),
            config,
            FORMATS,
            _Anybody(),
            CollectorMetrics(NoOpMeter("test")),
            http_socket,
            lambda: datetime.now(UTC),
            (*RECEIVERS, datagrams),
        )
    finally:
        parts.close()
        http_socket.close()


def test_a_receiver_is_its_folder_and_a_line_in_the_list(store: Store, ingestion: Ingestion) -> None:
    assert ingestion.addresses.keys() == {*(kind.name for kind in RECEIVERS), "datagrams"}
    host, _, port = ingestion.addresses["datagrams"].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(json_line("datagram-1"), (host, int(port)))
    asked = "SELECT request_id FROM requests WHERE environment = 'datagrams'"
    wait_until(lambda: store.rows(asked))
    assert store.rows(asked)[0][0] == "datagram-1"


def test_every_receiver_says_where_it_listens(ingestion: Ingestion) -> None:
    listening = {name for name, address in ingestion.addresses.items() if address}
    assert listening == {"grpc", "http", "forward", "datagrams"}
    for name in listening - {"datagrams"}:
        host, _, port = ingestion.addresses[name].rpartition(":")
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
