"""The collector's instruments, for tests that ask why something was refused."""

from opentelemetry.metrics import NoOpMeter

from collector.telemetry import CollectorMetrics


class CountingMetrics(CollectorMetrics):
    """Keeps why payloads were refused."""

    def __init__(self) -> None:
        super().__init__(NoOpMeter("test"))
        self.reasons: list[str] = []
        self.connection_reasons: list[str] = []

    def refused(self, receiver: str, reason: str, peer: str = "", message: str = "") -> None:
        self.reasons.append(reason)

    def connection_refused(self, port: str, reason: str, peer: str, message: str) -> None:
        self.connection_reasons.append(reason)
