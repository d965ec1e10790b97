"""Sockets that the process opens itself, so that a taken port is an error before anything runs."""

import socket
from typing import TYPE_CHECKING

from collector.receivers.net.keepalive import keep_alive
from storage.errors import ConfigError

if TYPE_CHECKING:
    from collector.receivers.net.tls import TlsConfig

_BACKLOG = 2048


def split_address(listen: str, setting: str) -> tuple[str, int]:
    """Host and port of '127.0.0.1:8050' or '[::1]:8050'; raises ConfigError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{setting} is {listen!r}; give an address and a port, such as 127.0.0.1:8050.")
    return host.strip("[]"), int(port)


def bind(listen: str, setting: str) -> socket.socket:
    """A bound socket; raises ConfigError where the address is taken or not ours."""
    host, port = split_address(listen, setting)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keep_alive(bound)
    try:
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"{setting} {listen} cannot be opened: {error.strerror}. Stop the process that uses it, or set another "
            "address of this machine (port 0 picks a free one)."
        ) from error
    bound.setblocking(False)
    return bound


def shown(bound: socket.socket) -> str:
    """The address of a bound socket as a URL's host and port."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def address(bound: socket.socket, tls: "TlsConfig | None") -> str:
    """The URL of a bound socket."""
    return f"{'https' if tls else 'http'}://{shown(bound)}"


def certificate(tls: "TlsConfig | None") -> str:
    """The file of a listener's certificate; '' without TLS."""
    return str(tls.certificate.resolve()) if tls else ""


def reachable(web: str) -> str:
    """An address to open in a browser on this machine: nobody can go to one that stands for all of them."""
    return web.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
