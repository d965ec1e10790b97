"""The settings of the Forward port."""

from pathlib import Path

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr

from collector.formats.setting import TextFormat
from collector.receivers.net.tls import TlsConfig


class ForwardUser(BaseModel):
    """A user who may send, besides knowing the shared key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="The username of the agent's settings.")
    password: SecretStr = Field(description="The agent's password.")


class ForwardRule(BaseModel):
    """What the tag of records says about them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: str = Field(min_length=1, description="A tag, or a pattern of tags, e.g. kube.*.istio-proxy*.")
    format: TextFormat = Field(default="", description="Their format; empty: each record tells.")
    environment: str = Field(default="", description="Their environment, where they name none.")
    gateway: str = Field(default="", description="Their gateway, where they name none.")


class ForwardConfig(BaseModel):
    """Fluent Forward over TCP and a Unix socket."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str = Field(
        default="127.0.0.1:24224", description="Address and port; port 0 picks a free one. Empty: not over TCP."
    )
    allow_unauthenticated: bool = Field(default=False, description="Take telemetry from anybody, on whatever address.")
    unix_socket: Path | None = Field(default=None, description="A Unix socket to listen on as well.")
    tls: TlsConfig | None = Field(default=None, description="TLS on the TCP port.")
    shared_key: SecretStr | None = Field(
        default=None, description="Only agents that know it are taken; both sides prove it to each other."
    )
    users: tuple[ForwardUser, ...] = Field(
        default=(), description="Where there are any, an agent must be one of them as well."
    )
    heartbeat: bool = Field(default=False, description="Answer heartbeats over UDP, on the same port number.")
    max_chunk_size: ByteSize = Field(
        default=ByteSize(32 << 20), description="Larger messages, packed or unpacked, end their connection."
    )
    max_connections: int = Field(
        default=256, ge=1, le=10_000, description="Beyond it the longest idle connection is closed, or the new one."
    )
    max_connections_per_peer: int = Field(
        default=128, ge=1, le=10_000, description="The same for the connections of one address (of one IPv6 /64)."
    )
    idle_timeout: float = Field(
        default=600.0, gt=0, le=86_400, description="Seconds after which a connection without a message is closed."
    )
    remembered_chunks: int = Field(
        default=65_536,
        ge=1,
        le=10_000_000,
        description="How many acknowledged chunks are known again when an agent sends them twice, at least.",
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")
    rules: tuple[ForwardRule, ...] = Field(
        default=(), description="What tags say of their records; the first rule that fits counts."
    )
