"""A Forward server to be killed: prints its port, and takes sealed segments away as soon as they are there."""

import sys
import threading
from pathlib import Path

from opentelemetry.metrics import NoOpMeter

from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory
from collector.intake.intake import Intake
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.server import RECEIVER, ForwardServer
from collector.spool.config import SpoolConfig
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.machine.event_loop import EventLoopThread


def main() -> None:
    directory = Path(sys.argv[1])
    taken = directory / "taken"
    taken.mkdir(exist_ok=True)
    chunks = ChunkMemory(directory / "forward" / "chunks", directory / "spool", 10_000)
    spool = Spool(directory / "spool", SpoolConfig(segment_age=0.02))
    threading.Thread(target=_take_away, args=(spool, taken), daemon=True).start()
    metrics = CollectorMetrics(NoOpMeter("test"))
    delivery = ChunkDelivery(RECEIVER, spool, chunks, metrics)
    server = ForwardServer(Intake(spool, metrics), delivery, ForwardConfig(listen="127.0.0.1:0"))
    EventLoopThread("forward").run(server.start())
    print(server.port, flush=True)  # noqa: T201 - the test reads it
    threading.Event().wait()


def _take_away(spool: Spool, taken: Path) -> None:
    while True:
        segment = spool.take(1)
        if segment is not None:
            segment.path.rename(taken / segment.path.name)
            spool.remove(segment)


if __name__ == "__main__":
    main()
