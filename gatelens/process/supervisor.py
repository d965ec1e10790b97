"""The one process: opens its ports, its directory and ClickHouse, then starts what works on them."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from collector.receivers.scrape.config import ScrapeConfig
from dashboards.under_way import UnderWay
from gatelens.configuration.config import Config
from gatelens.data_directory.directory import Addresses, DataDirectory
from gatelens.machine.listeners import bind
from gatelens.machine.memory import memory_budget, within
from gatelens.machine.thread_names import name_threads
from gatelens.machine.thread_switching import quick_switching
from gatelens.process.running_parts import RunningParts
from processors.retention.apply import apply_retention
from storage.full_disk import ensure_room, full_disk_explained
from storage.memory_budget import MemoryBudget
from storage.migrate import migrate
from storage.store import Store, connect

if TYPE_CHECKING:
    from gatelens.process.services import Services

_log = logging.getLogger(__name__)


class Gatelens:
    """A running Gatelens; `start` returns when it is ready, `stop` when everything acknowledged is safe."""

    def __init__(self, config: Config, data: Path, config_file: Path | None = None) -> None:
        """Changes of `retention` in the `config_file` are followed while it runs."""
        self._config = config
        self._config_file = config_file
        self._directory = DataDirectory(data)
        self._parts = RunningParts()
        self._services: Services | None = None
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
        if self._services is None:
            raise RuntimeError("Gatelens has not been started.")
        self._services.ingestion.scrape(config)

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
        with quick_switching(), ThreadPoolExecutor(1, "store-opening") as opener:
            opening = opener.submit(self._open_store, memory)
            # Importing what works on ClickHouse takes about as long as ClickHouse takes to open.
            from gatelens.access.access import Access  # noqa: PLC0415
            from gatelens.process.services import start_services  # noqa: PLC0415

            access = Access(self._config, self._directory.path)
            self._parts.at_close.callback(access.close)
        self._services = start_services(
            self._parts,
            opening.result(),
            self._directory,
            self._config,
            self._config_file,
            memory,
            collector,
            access,
            web_socket,
            http_socket,
            self.under_way,
        )
        addresses = self._services.addresses
        self.sign_in_notice = access.notice(addresses.web)
        self._directory.publish(addresses)
        name_threads()
        return addresses

    def _bind(self, listen: str, setting: str) -> socket.socket:
        bound = bind(listen, setting)
        self._parts.at_close.callback(bound.close)
        return bound

    def _open_store(self, memory: MemoryBudget) -> Store:
        """ClickHouse with its tables as this version and the configuration want them."""
        dsn = self._config.storage.dsn or f"chdb://{self._directory.clickhouse}"
        store = connect(dsn, memory, [self._directory.spool], self._config.storage.reader_dsn)
        self._parts.at_close.callback(store.close)
        migrate(store)
        apply_retention(store, self._config.retention)
        if not store.is_confined:
            _log.warning("Landlock is not available here: the guard alone keeps people's queries from files.")
        return store
