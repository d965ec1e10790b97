"""Connections whose other end is gone without a word: a machine without power, a network in between.

Nothing that only reads would ever notice, and each keeps its place among the connections that may be.
"""

import socket
from typing import Protocol

# Asked after a minute of silence, and given up after two more.
IDLE_SECONDS = 60
_OPTIONS = {"TCP_KEEPIDLE": IDLE_SECONDS, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}


class _Socket(Protocol):
    """A socket, or what an event loop gives instead."""

    @property
    def family(self) -> int: ...

    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...


def keep_alive(connection: _Socket) -> None:
    """Have the system ask whether the other end is there; what listens hands it on to what it accepts."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        # Not every system has each.
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
