"""The settings of the spool."""

from pydantic import BaseModel, ByteSize, ConfigDict, Field


class SpoolConfig(BaseModel):
    """How telemetry waits on disk for ClickHouse."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_size: ByteSize = Field(
        default=ByteSize(4 << 30), description="Room for telemetry that ClickHouse has not stored yet."
    )
    segment_size: ByteSize = Field(
        default=ByteSize(64 << 20),
        description="A segment is inserted when it is this large (twice where it takes little memory),",
    )
    segment_age: float = Field(
        default=0.75,
        gt=0,
        le=60,
        description="or this many seconds old; formats that bring less than 1 MiB each wait for each other, up to four "
        "times as long.",
    )
    remembered_keys: int = Field(
        default=100_000,
        ge=1,
        le=10_000_000,
        description="How many bodies with an Idempotency-Key are known again when they are sent twice, at least.",
    )
    remembered_bodies: int = Field(
        default=100_000,
        ge=1,
        le=10_000_000,
        description="How many other bodies are, at least, within the resend_window of their receiver.",
    )
