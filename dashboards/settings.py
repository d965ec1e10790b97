"""What the pages show about this Gatelens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WebSettings:
    """Where telemetry may be sent, as the empty state says it."""

    # host:port of OTLP/gRPC and Envoy's access log service.
    otlp_grpc: str
    # e.g. 'http://127.0.0.1:4318'.
    ingest_http: str
    version: str
    # The data directory, as a command on the same machine has to name it.
    data: str
