"""Limits the connections of a port, in total and per peer, and reports refused ones."""

import time
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address, ip_network

# The port, a reason of a few words, the peer, and a message for people.
OnRefused = Callable[[str, str, str, str], None]

_PER_PEER, _IN_ALL = "too_many_connections_of_peer", "too_many_connections"
_MESSAGES = {
    _PER_PEER: "The peer has as many connections as it may have; let it use fewer, or raise max_connections_per_peer.",
    _IN_ALL: "There are as many connections as may be; let clients use fewer, or raise max_connections.",
    "send_timeout": "The client did not read its answers in time.",
    "tls_handshake": "The TLS handshake did not come to an end; check that the client speaks TLS, trusts the "
    "certificate and has one itself where client_ca is set.",
}


class Admission:
    """A connection's place on a port, from its opening to its end."""

    __slots__ = ("_limiter", "close", "idle_since", "network")

    def __init__(self, limiter: "ConnectionLimiter", network: str, close: Callable[[], None], now: float) -> None:
        self._limiter = limiter
        self.network = network
        self.close = close
        # None while the connection has something under way.
        self.idle_since: float | None = now

    def release(self) -> None:
        """The connection has ended."""
        self._limiter.released(self)

    def refused(self, reason: str) -> None:
        """Count that the connection is cut."""
        self._limiter.refused(reason, self.network)


class ConnectionLimiter:
    """Admits connections to one port; must be used on one event loop.

    Where there are as many as may be, the one that has been idle for longest makes room, as nginx's workers do it.
    """

    def __init__(
        self,
        port: str,
        max_connections: int,
        max_per_peer: int,
        on_refused: OnRefused,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_refused` is called with `port` for each connection that is refused or cut."""
        self._port = port
        self._max_connections = max_connections
        self._max_per_peer = max_per_peer
        self._on_refused = on_refused
        self._clock = clock
        self._admitted: set[Admission] = set()
        self._by_network: Counter[str] = Counter()

    def admit(self, peer: str, close: Callable[[], None]) -> Admission | None:
        """A place for a connection, which is idle until it says otherwise; None where it must be turned away.

        `close` is called where it has to make room for another. A peer without an address is not limited by it.
        """
        network = _network(peer)
        if network and self._by_network[network] >= self._max_per_peer and not self._make_room(_PER_PEER, network):
            self.refused(_PER_PEER, peer)
            return None
        if len(self._admitted) >= self._max_connections and not self._make_room(_IN_ALL):
            self.refused(_IN_ALL, peer)
            return None
        admission = Admission(self, network, close, self._clock())
        self._admitted.add(admission)
        self._by_network[network] += 1
        return admission

    def close_idle(self, seconds: float) -> None:
        """Close the connections that have been idle for longer; none has a request to answer, so none is counted."""
        oldest = self._clock() - seconds
        for admission in [found for found in self._admitted if found.idle_since and found.idle_since < oldest]:
            self.released(admission)
            admission.close()

    def released(self, admission: Admission) -> None:
        if admission in self._admitted:
            self._admitted.remove(admission)
            self._by_network[admission.network] -= 1
            if not self._by_network[admission.network]:
                del self._by_network[admission.network]

    def refused(self, reason: str, peer: str, message: str = "") -> None:
        """Report a connection that is refused or cut; `reason` is one of those in docs/metrics.md."""
        self._on_refused(self._port, reason, peer, message or _MESSAGES.get(reason, "The connection was closed."))

    def _make_room(self, reason: str, network: str = "") -> bool:
        """Close the connection that has been idle for longest, of all or of a network."""
        longest: Admission | None = None
        for admission in self._admitted:
            if admission.idle_since is None or (network and admission.network != network):
                continue
            if longest is None or longest.idle_since is None or admission.idle_since < longest.idle_since:
                longest = admission
        if longest is None:
            return False
        self.refused(reason, longest.network)
        self.released(longest)
        longest.close()
        return True


def _network(peer: str) -> str:
    """What an address counts as: a machine usually has a whole /64 of IPv6."""
    if ":" not in peer:
        return peer
    address = IPv6Address(peer)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False))
