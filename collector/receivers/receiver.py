"""The contract of a receiver, and the list of all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from collector.receivers.context import ReceiverContext
from collector.receivers.files.receiver import files_receiver
from collector.receivers.forward.server import forward_receiver
from collector.receivers.grpc.server import grpc_receiver
from collector.receivers.http.receiver import http_receiver
from collector.receivers.scrape.receiver import scrape_receiver


class Receiver(Protocol):
    """Takes telemetry in, from `start` to `stop`; must be used on one event loop."""

    @property
    def address(self) -> str:
        """Where it listens once it has started, with the port that it got; '' where it listens nowhere."""

    async def start(self) -> None:
        """Return when telemetry is taken; raises ConfigError where the settings cannot be used."""

    async def stop(self) -> None:
        """Take no more; what has been acknowledged is durable."""


@dataclass(frozen=True)
class ReceiverKind:
    """A kind of receiver: the section of `collector` that configures it, and how it is made."""

    name: str
    create: Callable[[ReceiverContext], Receiver]


# In the order in which they start; they stop in the opposite one.
RECEIVERS = (
    ReceiverKind("grpc", grpc_receiver),
    ReceiverKind("http", http_receiver),
    ReceiverKind("forward", forward_receiver),
    ReceiverKind("files", files_receiver),
    ReceiverKind("scrape", scrape_receiver),
)
