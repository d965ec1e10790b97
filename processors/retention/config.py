"""How long what is kept."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from processors.time.durations import parse_duration
from processors.time.window import DAY


def _whole_days(value: object) -> timedelta:
    duration = parse_duration(value)
    if duration % DAY:
        raise ValueError(f"{value!r} is not whole days; write one such as 30d or 12w")
    return duration


# 0 is for ever.
_Days = Annotated[timedelta, BeforeValidator(_whole_days)]


class EnvironmentRetention(BaseModel):
    """What one environment has in place of the general retention."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="The environment.")
    requests: _Days | None = Field(default=None, description="As above.")
    logs: _Days | None = Field(default=None, description="As above.")
    metrics: _Days | None = Field(default=None, description="As above.")
    spans: _Days | None = Field(default=None, description="As above.")
    dead_letters: _Days | None = Field(default=None, description="As above.")
    minutes: _Days | None = Field(default=None, description="As above.")
    hours: _Days | None = Field(default=None, description="As above.")
    days: _Days | None = Field(default=None, description="As above.")


class RetentionConfig(BaseModel):
    """How long what is kept, in whole days; 0 is for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: _Days = Field(default=90 * DAY, description="Single requests.")
    logs: _Days = Field(default=90 * DAY, description="Logs of gateways.")
    metrics: _Days = Field(default=90 * DAY, description="Samples of metrics.")
    spans: _Days = Field(default=90 * DAY, description="Spans of traces.")
    dead_letters: _Days = Field(default=90 * DAY, description="What could not be parsed.")
    minutes: _Days = Field(default=180 * DAY, description="The rollup by minute.")
    hours: _Days = Field(default=730 * DAY, description="Rollups by ten minutes and by hour.")
    days: _Days = Field(default=0 * DAY, description="Rollups by day.")
    environments: tuple[EnvironmentRetention, ...] = Field(
        default=(), description="Environments that keep something longer or shorter."
    )

    @field_validator("environments")
    @classmethod
    def _are_named_once(cls, environments: tuple[EnvironmentRetention, ...]) -> tuple[EnvironmentRetention, ...]:
        names = [environment.name for environment in environments]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is there twice; put its settings together")
        return environments
