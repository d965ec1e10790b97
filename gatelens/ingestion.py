"""Telemetry in: spool, writer, reconciliation, and the receivers in front of them."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from collector.config import CollectorConfig
from collector.formats.registry import Formats
from collector.receivers.files.door import SegmentDoor
from collector.receivers.files.receiver import FileReceiver
from collector.receivers.forward.chunks import ChunkMemory
from collector.receivers.forward.server import ForwardServer
from collector.receivers.grpc_server import GrpcServer
from collector.receivers.http_app import http_app
from collector.receivers.intake import Intake
from collector.receivers.scrape import ScrapeConfig, Scraper
from collector.reconciliation import Reconciler
from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from collector.writer import Writer
from gatelens.access import Access
from gatelens.data_directory import DataDirectory
from gatelens.event_loop import EventLoopThread
from gatelens.listeners import AsgiServer
from gatelens.running_parts import RunningParts
from storage.store import Store


@dataclass(frozen=True)
class Ingestion:
    """Telemetry in, running."""

    intake: Intake
    loop: EventLoopThread
    spool: Spool
    writer: Writer
    reconciler: Reconciler
    # The address that gRPC listens on, and that of Fluent Forward where it listens over TCP.
    grpc: str
    forward: str

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""
        self.loop.spawn(Scraper(self.intake, config).run())


def start_ingestion(
    parts: RunningParts,
    store: Store,
    directory: DataDirectory,
    config: CollectorConfig,
    formats: Formats,
    access: Access,
    metrics: CollectorMetrics,
    http_socket: socket.socket,
    clock: Callable[[], datetime],
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
    writer = Writer(store, spool, config.transforms, metrics, directory.path, config.writer, reconciler.lost, formats)
    writer.start()
    parts.at_close.callback(writer.stop)
    parts.at_close.callback(spool.close)

    intake = Intake(spool, metrics, formats=formats)
    loop = parts.loop("intake")
    grpc_port = _serve_grpc(parts, loop, intake, config, access)
    receivers = AsgiServer(
        access.around_intake(http_app(intake, config.http), intake),
        http_socket,
        parts.tls(loop, config.http.tls, "collector.http.tls"),
        limits=config.http,
        count_refused=metrics.connection_refused,
    )
    parts.serve(loop, receivers)
    forward = ForwardServer(spool, chunks, metrics, config.forward, formats)
    loop.run(forward.start())
    parts.at_close.callback(lambda: loop.run(forward.stop()))
    files = FileReceiver(SegmentDoor(spool, metrics), config.files, directory.path / "files", formats=formats)
    loop.spawn(files.run())
    reconciler.start()
    ingestion = Ingestion(
        intake,
        loop,
        spool,
        writer,
        reconciler,
        grpc=_with_port(config.grpc.listen, grpc_port),
        forward=_with_port(config.forward.listen, forward.port) if forward.port else "",
    )
    ingestion.scrape(config.scrape)
    return ingestion


def _serve_grpc(
    parts: RunningParts, loop: EventLoopThread, intake: Intake, config: CollectorConfig, access: Access
) -> int:
    server = GrpcServer(intake, config.grpc, access.grpc_senders(config.grpc))
    loop.run(server.start())
    parts.at_close.callback(lambda: loop.run(server.stop()))
    return server.port


def _with_port(listen: str, port: int) -> str:
    return f"{listen.rpartition(':')[0]}:{port}"
