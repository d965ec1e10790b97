"""The demo: upstreams, three gateways, a mesh pair, and traffic, all on loopback ports picked free."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from gatelens.data_directory.directory import Addresses
from gatelens.demo.gateways import bootstrap
from gatelens.demo.gateways.envoy import Envoy
from gatelens.demo.gateways.flex import FlexSpeech
from gatelens.demo.gateways.mule import MuleStandIn
from gatelens.demo.gateways.mule_speech import MuleSpeech
from gatelens.demo.gateways.processes import expose_container, expose_process
from gatelens.demo.gateways.settings import Json
from gatelens.demo.gateways.upstreams import Upstreams
from gatelens.demo.model import (
    DEAD_CLUSTER,
    DESTINATION_SIDECAR,
    FLEX,
    GATEWAY,
    GATEWAY_SHARES,
    INVENTORY,
    MULE,
    NAMESPACE,
    SOURCE_SIDECAR,
    UPSTREAMS,
    Node,
)
from gatelens.demo.traffic import Gateway, Traffic
from gatelens.machine.event_loop import EventLoopThread


@dataclass(frozen=True)
class Stats:
    """Metrics to scrape: where, whose they are, and the labels that say so."""

    url: str
    gateway: str
    labels: dict[str, str] = field(default_factory=dict)


class Demo:
    """Everything that sends telemetry, to the ports of a Gatelens at `addresses`."""

    def __init__(self, directory: Path, addresses: Addresses) -> None:
        self._directory = directory
        self._addresses = addresses
        self._cleanup = ExitStack()
        self._loop = EventLoopThread("demo")
        self._cleanup.callback(self._loop.close)
        self._upstreams = Upstreams([*UPSTREAMS, INVENTORY])
        self.als_gateway = ""
        self.otlp_gateway = ""
        self.flex_gateway = ""
        self.mule_gateway = ""
        self.mesh = ""
        self.stats: list[Stats] = []

    def start(self) -> None:
        """Start the services and the gateways; raises GatelensError where an Envoy cannot run."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def start_traffic(self, rate: float) -> None:
        """Send about so many requests a second, and let happen what goes wrong, until `stop`."""
        gateways = [
            Gateway(self.als_gateway, GATEWAY_SHARES[GATEWAY] / 2),
            Gateway(self.otlp_gateway, GATEWAY_SHARES[GATEWAY] / 2),
            Gateway(self.flex_gateway, GATEWAY_SHARES[FLEX], blocks_addresses=True),
            Gateway(self.mule_gateway, GATEWAY_SHARES[MULE], blocks_addresses=True),
        ]
        self._upstreams.call_through(self.mesh)
        for coroutine in (Traffic(gateways, self.mesh).run(rate), self._upstreams.follow_incidents()):
            self._cleanup.callback(self._loop.spawn(coroutine).cancel)

    def stop(self) -> None:
        self._cleanup.close()

    def _start(self) -> None:
        self._loop.run(self._upstreams.start())
        self._cleanup.callback(lambda: self._loop.run(self._upstreams.stop()))
        ports = dict(self._upstreams.ports)
        inventory = f"127.0.0.1:{ports.pop(INVENTORY.cluster)}"
        dead_port = self._unused_port()
        ports[DEAD_CLUSTER] = dead_port
        self._start_gateway(ports)
        self._start_flex(ports)
        self._start_mule(ports)
        self._start_mesh(inventory, dead_port)

    def _start_gateway(self, ports: dict[str, int]) -> None:
        gateway = self._run(GATEWAY, bootstrap.gateway(self._addresses.grpc, ports))
        self.als_gateway = f"http://127.0.0.1:{gateway.listener_port('als')}"
        self.otlp_gateway = f"http://127.0.0.1:{gateway.listener_port('otlp')}"
        url, close = expose_process(gateway.pid)
        self._cleanup.callback(close)
        self.stats.append(Stats(url, GATEWAY.cluster, {"instance": GATEWAY.id}))

    def _start_flex(self, ports: dict[str, int]) -> None:
        envoy = Envoy(FLEX.cluster, bootstrap.flex(self._addresses.grpc, ports), self._directory, is_piped=True)
        envoy.start()
        speech = FlexSpeech(envoy.output, envoy.pid, self._addresses.forward)
        # Its speech ends with the output of the Envoy, so the Envoy is stopped first.
        self._cleanup.callback(speech.stop)
        self._cleanup.callback(envoy.stop)
        speech.start()
        self.flex_gateway = f"http://127.0.0.1:{envoy.listener_port('apis')}"

    def _start_mule(self, ports: dict[str, int]) -> None:
        speech = MuleSpeech(self._addresses.http, self._addresses.grpc)
        self._cleanup.callback(speech.stop)
        mule = MuleStandIn(ports, speech)
        self._loop.run(mule.start())
        self._cleanup.callback(lambda: self._loop.run(mule.stop()))
        self._cleanup.callback(self._loop.spawn(speech.run()).cancel)
        self.mule_gateway = mule.url

    def _start_mesh(self, inventory: str, dead_port: int) -> None:
        destination = self._run(DESTINATION_SIDECAR, bootstrap.destination_sidecar(self._addresses.grpc, inventory))
        inbound = f"127.0.0.1:{destination.listener_port('inbound')}"
        source = self._run(
            SOURCE_SIDECAR, bootstrap.source_sidecar(self._addresses.grpc, inbound, f"127.0.0.1:{dead_port}")
        )
        self.mesh = f"http://127.0.0.1:{source.listener_port('outbound')}"
        for envoy, node in ((source, SOURCE_SIDECAR), (destination, DESTINATION_SIDECAR)):
            url, close = expose_container(envoy.pid, node)
            self._cleanup.callback(close)
            self.stats.append(Stats(url, node.cluster))

    def _run(self, node: Node, configuration: Json) -> Envoy:
        envoy = Envoy(node.cluster, configuration, self._directory)
        envoy.start()
        self._cleanup.callback(envoy.stop)
        labels = {"pod": node.pod, "namespace": NAMESPACE} if node.pod else {"instance": node.id}
        self.stats.append(Stats(f"{envoy.admin_url}/stats/prometheus", node.cluster, labels))
        return envoy

    def _unused_port(self) -> int:
        """A port that stays bound and never listens, so that a connection to it is refused."""
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self._cleanup.callback(bound.close)
        return int(bound.getsockname()[1])
