"""The HTTP port alone, on a free port and with settings of its own."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.metrics import NoOpMeter
from pydantic import ByteSize
from starlette.types import ASGIApp

from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.intake.intake import Intake
from collector.receivers.http.app import http_app
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.sender_tokens import SenderTokens
from collector.receivers.net.http_server import AsgiServer
from collector.receivers.net.sender_tokens import FindSender
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread
from gatelens.machine.listeners import bind
from tests.collector.rigs.receiver_rig import Rig


@contextmanager
def http_port(
    directory: Path,
    *,
    room: int = 1 << 30,
    metrics: CollectorMetrics | None = None,
    find_sender: FindSender | None = None,
    formats: Formats = FORMATS,
    **settings: Any,
) -> Iterator[Rig]:
    spool = Spool(directory, SpoolConfig(max_size=ByteSize(room), segment_age=60), has_lines=formats.has_lines)
    intake = Intake(spool, metrics or CollectorMetrics(NoOpMeter("test")), formats=formats)
    loop = EventLoopThread("receivers")
    bound = bind("127.0.0.1:0", "http")
    config = HttpConfig.model_validate(settings)
    app: ASGIApp = http_app(intake, config)
    if find_sender is not None:
        app = SenderTokens(app, find_sender, intake, has_hec_tokens=bool(config.hec.tokens))
    web = AsgiServer(app, bound, limits=config)
    loop.run(web.start())
    try:
        yield Rig(f"http://127.0.0.1:{bound.getsockname()[1]}", "", spool, directory)
    finally:
        loop.run(web.stop())
        loop.close()
        bound.close()
        spool.close()
        gc.collect()


def payloads(rig: Rig) -> list[dict[str, Any]]:
    """What has become durable, oldest first."""
    said = zip(rig.spooled(), *(rig.said(number) for number in (2, 3, 4)), strict=True)
    return [
        {"format": name, "body": body, "environment": environment, "gateway": gateway, "peer": peer}
        for (name, body), environment, gateway, peer in said
    ]
