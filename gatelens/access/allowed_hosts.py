"""Which names a port answers to: a page that points its own name at this machine (DNS rebinding) gets nothing."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from storage.errors import ConfigError

_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LOOPBACK = "localhost"
_MOST_SHOWN = 100
_REMEMBERED = 256


class AllowedHosts:
    """The names that are configured, those of loopback, and addresses: those no name server can point elsewhere."""

    def __init__(self, names: Sequence[str], setting: str) -> None:
        """*.example.com stands for all names below it; raises ConfigError, in the name of `setting`."""
        names = [name.lower() for name in names]
        if unfit := [name for name in names if not _NAME.fullmatch(name)]:
            raise ConfigError(
                f"{setting} has {unfit[0]!r}; give a host name without scheme and port, such as gatelens.example.com."
            )
        self.setting = setting
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name.removeprefix("*") for name in names if name.startswith("*."))

    def allows(self, host: str) -> bool:
        """Whether a Host header may be answered."""
        name = host_of(host)
        return name == _LOOPBACK or name.endswith(f".{_LOOPBACK}") or _is_address(name) or self.names(host)

    def names(self, host: str) -> bool:
        """Whether it is one of those that are configured. Of an Origin only these are ours: anybody has an address."""
        name = host_of(host)
        return name in self._names or name.endswith(self._suffixes)


class HostCheck:
    """ASGI middleware: 421 for a Host that is not allowed, and the setting that allows it."""

    def __init__(self, app: ASGIApp, allowed: AllowedHosts) -> None:
        self._app = app
        self._allowed = allowed
        # Asked with each request, and nearly always of the same.
        self._is_allowed = lru_cache(_REMEMBERED)(lambda host: allowed.allows(host.decode("latin-1")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # Browsers send one always; what sends none is no browser.
            for name, host in scope["headers"]:
                if name == b"host" and not self._is_allowed(host):
                    shown = host_of(host.decode("latin-1"))[:_MOST_SHOWN]
                    setting = self._allowed.setting
                    message = f"{shown!r} is not a host name of this Gatelens; if it should be, add it to {setting}."
                    return await JSONResponse({"error": message, "kind": "HostNotAllowed"}, 421)(scope, receive, send)
        return await self._app(scope, receive, send)


def host_of(host: str) -> str:
    """The name or address of a Host header, without the port."""
    if host.startswith("["):
        address, bracket, _ = host[1:].partition("]")
        return address if bracket else ""
    return host.partition(":")[0].lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
