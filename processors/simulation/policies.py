"""Policies that can be simulated, as people write them."""

import ipaddress
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator, model_validator

from processors.time.durations import Duration, show_duration

_SECOND = timedelta(seconds=1)


class Key(StrEnum):
    """What has a counter of its own."""

    CONSUMER = "consumer"
    CLIENT_ADDRESS = "client_address"
    API = "api"
    ALL = "all"


class Scope(StrEnum):
    """Whether instances of a gateway count together."""

    CLUSTER = "cluster"
    INSTANCE = "instance"


class Algorithm(StrEnum):
    """Of a rate limit's window: one after the other from the epoch, or the time before each request."""

    FIXED = "fixed"
    SLIDING = "sliding"


class Policy(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_serializer("per", "delay", "ttl", check_fields=False)
    def _as_written(self, duration: timedelta) -> str:
        return show_duration(duration)


class Tier(Policy):
    """Consumers that have another limit, as of an SLA."""

    name: str
    limit: int = Field(ge=0)
    consumers: tuple[str, ...] = Field(min_length=1)


class Limiting(Policy):
    """A number of requests in a time."""

    limit: int = Field(ge=0)
    per: Duration = timedelta(minutes=1)
    key: Key = Key.CONSUMER
    scope: Scope = Scope.CLUSTER
    tiers: tuple[Tier, ...] = ()

    @field_validator("per")
    @classmethod
    def _is_a_second_at_least(cls, per: timedelta) -> timedelta:
        if per < _SECOND:
            raise ValueError("a window lasts a second or longer")
        return per

    @model_validator(mode="after")
    def _names_each_consumer_once(self) -> "Limiting":
        named = [consumer for tier in self.tiers for consumer in tier.consumers]
        twice = sorted({consumer for consumer in named if named.count(consumer) > 1})
        if twice:
            raise ValueError(f"consumer {twice[0]!r} is in two tiers; leave it in one")
        if self.tiers and self.key is not Key.CONSUMER:
            raise ValueError("tiers are of consumers; set `key: consumer`")
        return self


class RateLimit(Limiting):
    """What is over the limit is refused."""

    kind: Literal["rate_limit"] = "rate_limit"
    algorithm: Algorithm = Algorithm.FIXED


class SpikeControl(Limiting):
    """What is over the limit waits for `delay`, up to `attempts` times, before it is refused."""

    kind: Literal["spike_control"]
    per: Duration = _SECOND
    key: Key = Key.ALL
    delay: Duration = _SECOND
    attempts: int = Field(default=1, ge=0, le=10)


class IpList(Policy):
    """Only `allow`, where there are any, and none of `block`: addresses or networks."""

    kind: Literal["ip_list"]
    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()

    @field_validator("allow", "block")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(network, strict=False)) for network in networks)

    @model_validator(mode="after")
    def _has_any(self) -> "IpList":
        if not self.allow and not self.block:
            raise ValueError("an IP list needs `allow` or `block`, such as 10.0.0.0/8")
        return self


class ResponseCache(Policy):
    """Successful answers of GET and HEAD, by API, method and path, for so long."""

    kind: Literal["response_cache"]
    ttl: Duration = timedelta(minutes=1)

    @field_validator("ttl")
    @classmethod
    def _is_a_second_at_least(cls, ttl: timedelta) -> timedelta:
        if ttl < _SECOND:
            raise ValueError("an answer is kept for a second or longer")
        return ttl


AnyPolicy = Annotated[RateLimit | SpikeControl | IpList | ResponseCache, Field(discriminator="kind")]
