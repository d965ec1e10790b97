"""Which gateways and instances a question about resources is about."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class InstanceFilter:
    """Exact matches; '' is all."""

    environment: str = ""
    gateway: str = ""
    instance: str = ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The values, by the column that each is of."""
        values = {"environment": self.environment, "gateway": self.gateway, "instance": self.instance}
        return {name: value for name, value in values.items() if value}

    def where(self, alias: str) -> str:
        """The condition on a table of that alias, with the values left to query parameters."""
        return " AND ".join(f"{alias}.{name} = {{{name}:String}}" for name in self.parameters) or "1"


EVERYTHING = InstanceFilter()
