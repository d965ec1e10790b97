"""The settings of the HTTP port."""

from typing import Literal

from pydantic import ByteSize, Field

from collector.receivers.http.hec_config import HecConfig
from collector.receivers.net.limits import HttpLimits
from collector.receivers.net.sender_tokens import SenderTokenMode
from collector.receivers.net.setting_list import SettingList
from collector.receivers.net.tls import TlsConfig


class HttpConfig(HttpLimits):
    """OTLP over HTTP, and plain ingest."""

    listen: str = Field(default="127.0.0.1:4318", description="Address and port; port 0 picks a free one.")
    sender_tokens: SenderTokenMode = Field(
        default="auto", description="Whether senders need a token; auto: on other addresses than those of loopback."
    )
    allow_unauthenticated: bool = Field(default=False, description="Take telemetry from anybody, on whatever address.")
    allowed_hosts: SettingList[str] = Field(
        default=(), description="Names under which the port answers, beside those of loopback and addresses."
    )
    max_body_size: ByteSize = Field(
        default=ByteSize(64 << 20), description="Larger bodies, packed or unpacked, are refused."
    )
    max_large_bodies: int = Field(
        default=4, ge=1, le=1000, description="How many bodies of more than 4 MiB are in memory at a time."
    )
    large_body_wait: float = Field(
        default=5.0, ge=0, le=60, description="Seconds that a large body waits for others; then it is to come again."
    )
    resend_window: float = Field(
        default=600.0,
        ge=0,
        le=86_400,
        description="Seconds for which a body is known by its bytes, and stored once; 0: only by its key.",
    )
    resends: Literal["distinct", "all"] = Field(
        default="distinct",
        description="Which bodies of lines and events that is for: those that cannot be alike by chance, or all.",
    )
    environment: str = Field(default="", description="The environment of what arrives here and names none.")
    tls: TlsConfig | None = Field(default=None, description="Without it the port speaks plain HTTP.")
    hec: HecConfig = HecConfig()
