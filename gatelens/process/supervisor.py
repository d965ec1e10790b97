"""The one process: builds every real part, starts them in order, stops them in the opposite order."""

import logging
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from collector.formats.custom.known import known_formats
from collector.formats.custom.remembered import RememberedFormats
from collector.formats.registry import Formats
from collector.receivers.scrape.config import ScrapeConfig
from collector.telemetry import CollectorMetrics
from dashboards.under_way import UnderWay
from gatelens import __version__
from gatelens.access.access import Access
from gatelens.configuration.config import Config
from gatelens.data_directory.directory import Addresses, DataDirectory
from gatelens.machine.listeners import address, bind, certificate
from gatelens.machine.memory import memory_budget, observe, within
from gatelens.machine.thread_names import name_threads
from gatelens.process.ingestion import Ingestion, start_ingestion
from gatelens.process.leading import start_lease
from gatelens.process.replay import start_replayer
from gatelens.process.running_parts import RunningParts
from gatelens.process.site import Site
from gatelens.process.telemetry import Telemetry
from gatelens.process.upkeep import start_upkeep
from storage.full_disk import ensure_room, full_disk_explained
from storage.memory_budget import MemoryBudget
from storage.migrate import migrate
from storage.store import Store, connect

_log = logging.getLogger(__name__)


class Gatelens:
    """A running Gatelens; `start` returns when it is ready, `stop` when everything acknowledged is safe."""

    def __init__(self, config: Config, data: Path, config_file: Path | None = None) -> None:
        """Changes of `retention` in the `config_file` are followed while it runs."""
        self._config = config
        self._config_file = config_file
        self._directory = DataDirectory(data)
        self._parts = RunningParts()
        self._ingestion: Ingestion | None = None
        # Long work behind the pages, which they show.
        self.under_way = UnderWay()
        # How to sign in, set by `start`.
        self.sign_in_notice = ""

    def start(self) -> Addresses:
        """Start everything; raises ConfigError, DataDirectoryBusy, DiskFull or StoreError; nothing runs then."""
        try:
            with full_disk_explained(self._directory.path):
                return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop taking telemetry in, store what is sealed, close ClickHouse, give the directory back."""
        self._parts.close()

    def scrape(self, config: ScrapeConfig) -> None:
        """Scrape more targets from now on."""
        if self._ingestion is None:
            raise RuntimeError("Gatelens has not been started.")
        self._ingestion.scrape(config)

    def _start(self) -> Addresses:
        memory = memory_budget(self._config.memory)
        collector = within(memory, self._config.collector)
        web_socket = self._bind(self._config.web.listen, "web.listen")
        http_socket = self._bind(collector.http.listen, "collector.http.listen")
        # gRPC opens its port itself, and reports a taken one in its own words.
        bind(collector.grpc.listen, "collector.grpc.listen").close()
        self._directory.acquire()
        self._parts.at_close.callback(self._directory.release)
        ensure_room(self._directory.path)
        access = Access(self._config, self._directory.path)
        self._parts.at_close.callback(access.close)

        store = self._open_store(memory)
        telemetry = Telemetry(__version__)
        self._parts.at_close.callback(telemetry.close)
        observe(telemetry.meter, memory)
        metrics = CollectorMetrics(telemetry.meter)
        ingestion = self._ingestion = start_ingestion(
            self._parts, store, self._directory, collector, self._formats(), access, metrics, http_socket, _now
        )
        addresses = self._addresses(web_socket, http_socket, ingestion)
        lease = start_lease(self._parts, store, self._directory, _now)
        replayer = start_replayer(self._parts, store, self._directory, ingestion, collector.transforms, _now, lease)
        upkeep = start_upkeep(self._parts, store, self._config, self._config_file, telemetry, _now, lease)
        site = Site(self._parts, store, memory, self._config, self._config_file, telemetry, self.under_way, _now, lease)
        site.serve(web_socket, ingestion, access, self._directory, addresses, metrics, upkeep, replayer)
        self.sign_in_notice = access.notice(addresses.web)
        self._directory.publish(addresses)
        name_threads()
        return addresses

    def _formats(self) -> Formats:
        remembered = RememberedFormats(self._directory.formats)
        for definition in self._config.formats:
            remembered.remember(definition)
        return known_formats(self._config.formats, remembered.find)

    def _bind(self, listen: str, setting: str) -> socket.socket:
        bound = bind(listen, setting)
        self._parts.at_close.callback(bound.close)
        return bound

    def _open_store(self, memory: MemoryBudget) -> Store:
        dsn = self._config.storage.dsn or f"chdb://{self._directory.clickhouse}"
        store = connect(dsn, memory, [self._directory.spool], self._config.storage.reader_dsn)
        self._parts.at_close.callback(store.close)
        migrate(store)
        if not store.is_confined:
            _log.warning("Landlock is not available here: the guard alone keeps people's queries from files.")
        return store

    def _addresses(self, web_socket: socket.socket, http_socket: socket.socket, ingestion: Ingestion) -> Addresses:
        web_tls, http_tls = self._config.web.tls, self._config.collector.http.tls
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
