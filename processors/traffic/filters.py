"""What part of the traffic a question is about."""

from dataclasses import dataclass

# An API '' is traffic that the gateway knew no route for; '' means all in filters, so it goes by its shown name.
NO_ROUTE = "(no route)"
# Likewise the requests of an API that carry no version.
UNVERSIONED = "(no version)"

_ABSENT = {NO_ROUTE, UNVERSIONED}


@dataclass(frozen=True)
class Filters:
    """Exact matches; '' is all."""

    environment: str = ""
    gateway: str = ""
    api: str = ""
    api_version: str = ""

    @property
    def where(self) -> str:
        """The condition, with the values left to query parameters."""
        return " AND ".join(f"{name} = {{{name}:String}}" for name in self.parameters) or "1"

    @property
    def parameters(self) -> dict[str, str]:
        values = {
            "environment": self.environment,
            "gateway": self.gateway,
            "api": self.api,
            "api_version": self.api_version,
        }
        return {name: "" if value in _ABSENT else value for name, value in values.items() if value}
