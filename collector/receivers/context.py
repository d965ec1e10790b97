"""What receivers are made with."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp

from collector.config import CollectorConfig
from collector.intake.chunk_delivery import ChunkDelivery
from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.net.sender_tokens import FindSender


class SenderChecks(Protocol):
    """Who may send."""

    def around_intake(self, app: ASGIApp, intake: Intake) -> ASGIApp:
        """The HTTP port of telemetry behind its checks."""

    def grpc_senders(self, config: GrpcConfig) -> FindSender | None:
        """Looks up senders' tokens for the gRPC port; None if it needs none."""


@dataclass(frozen=True)
class ReceiverContext:
    """All that a receiver may be handed; each takes what it needs."""

    config: CollectorConfig
    intake: Intake
    chunks: ChunkDelivery
    # Of the data: a receiver keeps its state in a directory in it.
    directory: Path
    # Bound before anything starts, so that a taken port is reported first.
    http_socket: socket.socket
    checks: SenderChecks
