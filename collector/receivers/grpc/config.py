"""The settings of the gRPC port."""

from pydantic import BaseModel, ByteSize, ConfigDict, Field

from collector.receivers.net.sender_tokens import SenderTokenMode
from collector.receivers.net.tls import TlsConfig


class GrpcConfig(BaseModel):
    """OTLP over gRPC, and Envoy's access log service, on one port."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(default="127.0.0.1:4317", description="Address and port; port 0 picks a free one.")
    sender_tokens: SenderTokenMode = Field(
        default="auto", description="Whether senders need a token; auto: on other addresses than those of loopback."
    )
    allow_unauthenticated: bool = Field(default=False, description="Take telemetry from anybody, on whatever address.")
    max_message_size: ByteSize = Field(default=ByteSize(20 << 20), description="Larger messages are refused.")
    max_connections: int = Field(default=2000, ge=1, le=100_000, description="More connections are closed at once.")
    max_concurrent_streams: int = Field(
        default=256, ge=1, le=100_000, description="Calls that one connection may have open; more of them wait."
    )
    idle_timeout: float = Field(
        default=120.0, gt=0, le=86_400, description="Seconds after which a connection without a call is closed."
    )
    resend_window: float = Field(
        default=600.0,
        ge=0,
        le=86_400,
        description="Seconds for which a message of OTLP is known by its bytes, and stored once; 0: only by its key.",
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")
    tls: TlsConfig | None = Field(default=None, description="Without it the port speaks plain gRPC.")
