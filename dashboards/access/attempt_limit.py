"""How often a password may be guessed."""

import ipaddress
import math
import secrets
from collections.abc import Callable

_SLOTS = 8192


class AttemptLimit:
    """A burst of attempts for each key, and then one per interval.

    Keys share a fixed number of slots by a keyed hash: however many there are, they take no more memory and push nobody
    out.
    """

    def __init__(self, at_once: int, seconds: float, clock: Callable[[], float]) -> None:
        self._tolerance = (at_once - 1) * seconds
        self._seconds = seconds
        self._clock = clock
        # When a slot will have forgotten its attempts, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
        self._clear_at = [-math.inf] * _SLOTS
        self._key = secrets.token_bytes(16)

    def take(self, key: str) -> int:
        """Count an attempt, and return 0; or count none, and return the seconds until there may be another."""
        slot, now = self._slot(key), self._clock()
        clear_at = max(self._clear_at[slot], now)
        if clear_at - now > self._tolerance:
            return math.ceil(clear_at - now - self._tolerance)
        self._clear_at[slot] = clear_at + self._seconds
        return 0

    def give_back(self, key: str) -> None:
        """Forget an attempt that was counted: it was none of a guesser."""
        self._clear_at[self._slot(key)] -= self._seconds

    def _slot(self, key: str) -> int:
        return hash((self._key, key)) % _SLOTS


def peer_key(host: str) -> str:
    """Whose attempts are counted together: an address, and of IPv6 the network that one customer is given."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
