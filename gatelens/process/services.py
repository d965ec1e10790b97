"""Everything that works on the store, started in the order of the flow: telemetry in, upkeep, pages and alerts."""

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.config import CollectorConfig
from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.formats.registry import Formats
from collector.telemetry import CollectorMetrics
from dashboards.under_way import UnderWay
from gatelens import __version__
from gatelens.access.access import Access
from gatelens.configuration.config import Config
from gatelens.data_directory.directory import Addresses, DataDirectory
from gatelens.machine.listeners import address, certificate
from gatelens.machine.memory import observe
from gatelens.process.ingestion import Ingestion, start_ingestion
from gatelens.process.leading import start_lease
from gatelens.process.replay import start_replayer
from gatelens.process.running_parts import RunningParts
from gatelens.process.site import Site
from gatelens.process.telemetry import Telemetry
from gatelens.process.upkeep import start_upkeep
from storage.memory_budget import MemoryBudget
from storage.store import Store


@dataclass(frozen=True)
class Services:
    """What runs, and where it listens."""

    ingestion: Ingestion
    addresses: Addresses


def start_services(
    parts: RunningParts,
    store: Store,
    directory: DataDirectory,
    config: Config,
    config_file: Path | None,
    memory: MemoryBudget,
    collector: CollectorConfig,
    access: Access,
    web_socket: socket.socket,
    http_socket: socket.socket,
    under_way: UnderWay,
) -> Services:
    """Start everything on bound sockets, with the `collector` as the memory allows it; raises ConfigError, StoreError.

    What was started before an error runs until the `parts` are closed.
    """
    telemetry = Telemetry(__version__)
    parts.at_close.callback(telemetry.close)
    observe(telemetry.meter, memory)
    metrics = CollectorMetrics(telemetry.meter)
    ingestion = start_ingestion(
        parts, store, directory, collector, _formats(config, directory), access, metrics, http_socket, _now
    )
    addresses = _addresses(config, web_socket, http_socket, ingestion)
    lease = start_lease(parts, store, directory, _now)
    replayer = start_replayer(parts, store, directory, ingestion, collector.transforms, _now, lease)
    upkeep = start_upkeep(parts, store, config, config_file, telemetry, _now, lease)
    site = Site(parts, store, memory, config, config_file, telemetry, under_way, _now, lease)
    site.serve(web_socket, ingestion, access, directory, addresses, metrics, upkeep, replayer)
    return Services(ingestion, addresses)


def _formats(config: Config, directory: DataDirectory) -> Formats:
    remembered = RememberedFormats(directory.formats)
    for definition in config.formats:
        remembered.remember(definition)
    return known_formats(config.formats, remembered.find)


def _addresses(
    config: Config, web_socket: socket.socket, http_socket: socket.socket, ingestion: Ingestion
) -> Addresses:
    web_tls, http_tls = config.web.tls, config.collector.http.tls
    return Addresses(
        pid=os.getpid(),
        web=address(web_socket, web_tls),
        http=address(http_socket, http_tls),
        grpc=ingestion.addresses["grpc"],
        forward=ingestion.addresses["forward"],
        web_certificate=certificate(web_tls),
        http_certificate=certificate(http_tls),
    )


def _now() -> datetime:
    return datetime.now(UTC)
