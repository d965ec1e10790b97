"""Real receivers on free ports, with a spool behind them and nobody who empties it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.metrics import NoOpMeter
from pydantic import ByteSize
from starlette.types import ASGIApp

from collector.encoding.protobuf import fields, read_varint
from collector.formats.formats import FORMATS
from collector.formats.prometheus.families import Families
from collector.formats.registry import Formats
from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.grpc.server import GrpcServer
from collector.receivers.http.app import http_app
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.sender_tokens import SenderTokens
from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.sender_tokens import FindSender
from collector.spool.config import SpoolConfig
from collector.spool.frame import frames
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread
from gatelens.machine.listeners import bind

LIMIT = 1 << 20


@dataclass(frozen=True)
class Rig:
    """Where to send, and what has become durable."""

    http: str
    grpc: str
    spool: Spool
    directory: Path
    families: Families = field(default_factory=Families)

    def spooled(self) -> list[tuple[str, bytes]]:
        """(file name's format, body) of each payload on disk, oldest first."""
        found = []
        for path in sorted(self.directory.iterdir()):
            for frame in frames(path.read_bytes()):
                _, start = read_varint(frame, 0)
                body = next(bytes(value) for number, value, _ in fields(frame[start:]) if number == 15)
                found.append((path.name.split(".")[1], body))
        return found

    def said(self, number: int) -> list[str]:
        """A text field of each payload on disk: 2 environment, 3 gateway, 4 peer."""
        found = []
        for path in sorted(self.directory.iterdir()):
            for frame in frames(path.read_bytes()):
                _, start = read_varint(frame, 0)
                texts = [bytes(value).decode() for field, value, _ in fields(frame[start:]) if field == number]
                found.append("".join(texts))
        return found


@contextmanager
def receivers(
    directory: Path,
    *,
    limit: int = LIMIT,
    room: int = 1 << 30,
    environment: str = "",
    metrics: CollectorMetrics | None = None,
    find_sender: FindSender | None = None,
    formats: Formats = FORMATS,
    families: Families | None = None,
) -> Iterator[Rig]:
    spool = Spool(directory, SpoolConfig(max_size=ByteSize(room), segment_age=60))
    intake = Intake(spool, metrics or CollectorMetrics(NoOpMeter("test")), formats=formats, families=families)
    loop = EventLoopThread("receivers")
    bound = bind("127.0.0.1:0", "http")
    grpc_config = GrpcConfig(listen="127.0.0.1:0", max_message_size=ByteSize(limit), environment=environment)
    grpc_server = GrpcServer(intake, grpc_config, find_sender)
    app: ASGIApp = http_app(intake, HttpConfig(max_body_size=ByteSize(limit), environment=environment))
    if find_sender is not None:
        app = SenderTokens(app, find_sender, intake, has_hec_tokens=False)
    web = AsgiServer(app, bound)
    loop.run(grpc_server.start())
    loop.run(web.start())
    try:
        yield Rig(
            f"http://127.0.0.1:{bound.getsockname()[1]}",
            f"127.0.0.1:{grpc_server.port}",
            spool,
            directory,
            intake.families,
        )
    finally:
        loop.run(web.stop())
        loop.run(grpc_server.stop(0.1))
        loop.close()
        bound.close()
        spool.close()
        gc.collect()


def resident_bytes() -> int:
    """The memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def peak_bytes() -> int:
    """The most memory that this process has taken since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def forget_peak() -> int:
    """Begin to look for the peak anew; returns the memory that is taken now."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident_bytes()
