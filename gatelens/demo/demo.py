"""The demo: upstreams, a gateway, a mesh pair, and traffic, all on loopback ports picked free."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gatelens.demo import bootstrap
from gatelens.demo.envoy import Envoy
from gatelens.demo.model import (
    DEAD_CLUSTER,
    DESTINATION_SIDECAR,
    GATEWAY,
    INVENTORY,
    SOURCE_SIDECAR,
    UPSTREAMS,
)
from gatelens.demo.traffic import Traffic
from gatelens.demo.upstreams import Upstreams
from gatelens.event_loop import EventLoopThread


@dataclass(frozen=True)
class Stats:
    """An Envoy's metrics: where to scrape them, and whose they are."""

    url: str
    gateway: str


class Demo:
    """Everything that sends telemetry; `intake` is the address of Gatelens' gRPC port."""

    def __init__(self, directory: Path, intake: str) -> None:
        self._directory = directory
        self._intake = intake
        self._cleanup = ExitStack()
        self._loop: EventLoopThread | None = None
        self.als_gateway = ""
        self.otlp_gateway = ""
        self.mesh = ""
        self.stats: list[Stats] = []

    def start(self) -> None:
        """Start the services and the Envoys; raises GatelensError where an Envoy cannot run."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def start_traffic(self, rate: float) -> None:
        """Send about so many requests a second until `stop`."""
        if self._loop is None:
            raise RuntimeError("The demo has not been started.")
        traffic = Traffic([self.als_gateway, self.otlp_gateway], self.mesh)
        sending = self._loop.spawn(traffic.run(rate))
        self._cleanup.callback(sending.cancel)

    def stop(self) -> None:
        self._cleanup.close()

    def _start(self) -> None:
        loop = self._loop = EventLoopThread("demo")
        self._cleanup.callback(loop.close)
        upstreams = Upstreams([*UPSTREAMS, INVENTORY])
        loop.run(upstreams.start())
        self._cleanup.callback(lambda: loop.run(upstreams.stop()))
        ports = dict(upstreams.ports)
        inventory = f"127.0.0.1:{ports.pop(INVENTORY.cluster)}"
        dead_port = self._unused_port()

        gateway = self._run(GATEWAY.cluster, bootstrap.gateway(self._intake, {**ports, DEAD_CLUSTER: dead_port}))
        self.als_gateway = f"http://127.0.0.1:{gateway.listener_port('als')}"
        self.otlp_gateway = f"http://127.0.0.1:{gateway.listener_port('otlp')}"
        destination = self._run(DESTINATION_SIDECAR.cluster, bootstrap.destination_sidecar(self._intake, inventory))
        inbound = f"127.0.0.1:{destination.listener_port('inbound')}"
        source = self._run(
            SOURCE_SIDECAR.cluster,
            bootstrap.source_sidecar(self._intake, inbound, f"127.0.0.1:{dead_port}"),
        )
        self.mesh = f"http://127.0.0.1:{source.listener_port('outbound')}"

    def _run(self, name: str, configuration: bootstrap.Json) -> Envoy:
        envoy = Envoy(name, configuration, self._directory)
        envoy.start()
        self._cleanup.callback(envoy.stop)
        self.stats.append(Stats(f"{envoy.admin_url}/stats/prometheus", name))
        return envoy

    def _unused_port(self) -> int:
        """A port that stays bound and never listens, so that a connection to it is refused."""
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self._cleanup.callback(bound.close)
        return int(bound.getsockname()[1])
