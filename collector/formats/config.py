"""What transforms assume where the telemetry does not say."""

from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from collector.formats.naming.rule import NamingRule


class TransformConfig(BaseModel):
    """What a transform assumes where the telemetry does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str = Field(
        default="default",
        min_length=1,
        description="deployment.environment.name of telemetry that names none.",
    )
    retention_days: int = Field(
        default=90, ge=1, le=3650, description="An event that claims to be older is filed under its arrival."
    )
    time_zone: str = Field(
        default="UTC", description="The zone of times that name none, such as HAProxy's and Mule's, e.g. Europe/Berlin."
    )

    names: tuple[NamingRule, ...] = Field(
        default=(), description="What an operator calls things; the first rule that yields a name counts."
    )

    @property
    def names_by_tag(self) -> bool:
        """Whether a rule reads the tag of records."""
        return any("tag" in (rule.source, *rule.when) for rule in self.names)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is not a time zone; use a name such as Europe/Berlin or UTC.")
        return name
