"""Telemetry in: spool, writer, reconciliation, and the receivers in front of them."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.config import CollectorConfig
from collector.formats.prometheus.families import Families
from collector.formats.registry import Formats
from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.chunk_memory import ChunkMemory
from collector.intake.intake import Intake
from collector.receivers.context import ReceiverContext, SenderChecks
from collector.receivers.receiver import RECEIVERS, Receiver, ReceiverKind
from collector.receivers.scrape.config import ScrapeConfig
from collector.receivers.scrape.receiver import Scraper
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer.reconciliation import Reconciler
from collector.writer.writer import Writer
from gatelens.data_directory.directory import DataDirectory
from gatelens.machine.event_loop import EventLoopThread
from gatelens.process.running_parts import RunningParts
from storage.store import Store


@dataclass(frozen=True)
class Ingestion:
    """Telemetry in, running."""

    intake: Intake
    loop: EventLoopThread
    spool: Spool
    writer: Writer
    reconciler: Reconciler
    # Where each receiver listens, by its name; '' where on no port.
    addresses: Mapping[str, str]

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""
        self.loop.spawn(Scraper(self.intake, config).run())


def start_ingestion(
    parts: RunningParts,
    store: Store,
    directory: DataDirectory,
    config: CollectorConfig,
    formats: Formats,
    checks: SenderChecks,
    metrics: CollectorMetrics,
    http_socket: socket.socket,
    clock: Callable[[], datetime],
    receivers: Sequence[ReceiverKind] = RECEIVERS,
) -> Ingestion:
    """Start everything between the ports of telemetry and the tables; raises ConfigError, StoreError."""
    # It looks into what the spool left open, before the spool seals it.
    chunks = ChunkMemory(directory.path / "forward" / "chunks", directory.spool, config.forward.remembered_chunks)
    parts.at_close.callback(chunks.close)
    spool = Spool(directory.spool, config.spool, formats.light, formats.has_lines)
    metrics.observe_spool(
        lambda: spool.size, lambda: spool.capacity, lambda: spool.backlog, lambda: spool.unknown_files
    )
    metrics.observe_damage(lambda: spool.damaged_bytes, lambda: spool.cut_off_bytes)
    reconciler = Reconciler(store, spool, directory.path / "reconciliation.json", clock, config.reconciliation)
    metrics.observe_ledger(lambda: reconciler.differences, lambda: reconciler.reconciled_at)
    parts.at_close.callback(reconciler.stop)
    families = Families(directory.path / "metric_families.json")
    writer = Writer(
        store, spool, config.transforms, metrics, directory.path, config.writer, reconciler.lost, formats, families
    )
    writer.start()
    parts.at_close.callback(writer.stop)
    parts.at_close.callback(spool.close)

    loop = parts.loop("intake")
    intake = Intake(spool, metrics, formats=formats, families=families)
    delivery = ChunkDelivery("forward", spool, chunks, metrics)
    context = ReceiverContext(config, intake, delivery, directory.path, http_socket, checks)
    addresses = {kind.name: _started(parts, loop, kind.create(context)).address for kind in receivers}
    reconciler.start()
    return Ingestion(intake, loop, spool, writer, reconciler, addresses)


def _started(parts: RunningParts, loop: EventLoopThread, receiver: Receiver) -> Receiver:
    loop.run(receiver.start())
    parts.at_close.callback(lambda: loop.run(receiver.stop()))
    return receiver
