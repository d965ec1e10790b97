"""The settings of Splunk's HTTP Event Collector."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from collector.formats.setting import TextFormat


class HecToken(BaseModel):
    """Who may send, and what they send."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr = Field(min_length=1, description="What the client sends as `Authorization: Splunk <token>`.")
    format: TextFormat = Field(
        default="", description="The format of its events; empty: by their sourcetype, then found."
    )
    environment: str = Field(default="", description="Their environment, where they name none.")
    gateway: str = Field(default="", description="Their gateway, where they name none.")


class HecSourcetype(BaseModel):
    """What a sourcetype means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="As the client sends it, e.g. access_combined.")
    format: TextFormat = Field(min_length=1, description="The format of its events.")


class HecConfig(BaseModel):
    """Splunk's HTTP Event Collector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: tuple[HecToken, ...] = Field(default=(), description="Whose events are taken; none: any token is.")
    sourcetypes: tuple[HecSourcetype, ...] = Field(
        default=(), description="Formats of sourcetypes that are not known, or known as something else."
    )
