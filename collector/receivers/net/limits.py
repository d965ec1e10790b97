"""The limits of an HTTP port, named and set after nginx's."""

from pydantic import BaseModel, ByteSize, ConfigDict, Field
from pydantic.networks import IPvAnyNetwork

from collector.receivers.net.setting_list import SettingList


class HttpLimits(BaseModel):
    """What one client may ask of an HTTP port, for how long, and whose word is taken on who asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_connections: int = Field(
        default=1000, ge=1, le=100_000, description="Beyond it the longest idle connection is closed, or the new one."
    )
    max_connections_per_peer: int = Field(
        default=500, ge=1, le=100_000, description="The same for the connections of one address (of one IPv6 /64)."
    )
    max_header_size: ByteSize = Field(
        default=ByteSize(32 << 10),
        ge=1 << 10,
        le=1 << 20,
        description="Request line and headers together; a line may take a quarter of it.",
    )
    header_timeout: float = Field(
        default=10.0, gt=0, le=3600, description="Seconds in which a TLS handshake, or all headers, must have come."
    )
    body_timeout: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds that a body may lag behind `min_rate`; then it is refused."
    )
    send_timeout: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds that a client may lag behind `min_rate` in reading answers."
    )
    min_rate: ByteSize = Field(
        default=ByteSize(500),
        ge=1,
        description="Bytes a second that a client must send of a body, or read of an answer.",
    )
    keepalive_timeout: float = Field(
        default=75.0, gt=0, le=3600, description="Seconds after which a connection without a request is closed."
    )
    trusted_proxies: SettingList[IPvAnyNetwork] = Field(
        default=(), description="Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    keepalive_requests: int = Field(
        default=10_000, ge=1, le=10_000_000, description="Requests after which a connection is closed."
    )
