"""Which files to read, and how."""

from typing import Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, field_validator

from collector.formats.setting import TextFormat
from storage.patterns import PatternFault, Patterns

Container = Literal["auto", "none", "docker", "cri"]


class FileSource(BaseModel):
    """Files that are read alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include: tuple[str, ...] = Field(min_length=1, description="Paths with *, ? and [], and ** for any directories.")
    exclude: tuple[str, ...] = Field(default=(), description="What not to read of them: patterns of names or of paths.")
    format: TextFormat = Field(default="", description="Their format; empty: recognised from each file's first lines.")
    environment: str = Field(default="", description="Their environment.")
    gateway: str = Field(default="", description="The gateway that writes them, where their path names no pod.")
    start: Literal["beginning", "end"] = Field(
        default="beginning", description="Where to start in files that are there when they are first looked for."
    )
    container: Container = Field(
        default="auto", description="The wrapper that a container runtime puts around lines; auto: or anybody else."
    )
    multiline: str = Field(
        default="",
        description="Regular expression (RE2) of how a record's first line begins, where records have several lines.",
    )
    max_line_size: ByteSize = Field(
        default=ByteSize(1 << 20), ge=1024, le=64 << 20, description="Of a longer line the beginning is a dead letter."
    )
    compressed: bool = Field(default=False, description="Whether to read .gz files too.")

    @field_validator("multiline")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            Patterns([pattern])
        except PatternFault as fault:
            raise ValueError(f"{pattern!r} is no regular expression of RE2: {fault}") from None
        return pattern


class FilesConfig(BaseModel):
    """Log files to follow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_interval: float = Field(default=1.0, ge=0.02, le=60, description="Seconds between two looks at the files.")
    batch_size: ByteSize = Field(
        default=ByteSize(32 << 20), ge=1 << 20, le=256 << 20, description="What is read of all files at once, at most."
    )
    flush_after: float = Field(
        default=5.0, ge=0.05, le=3600, description="A record that may go on is whole after so long without growth."
    )
    finish_after: float = Field(
        default=10.0, ge=0.05, le=3600, description="A file renamed away or deleted is let go after so long."
    )
    host: str = Field(default="", description="The machine whose files these are; empty: this one, by its name.")
    sources: tuple[FileSource, ...] = Field(default=(), description="What to read.")
