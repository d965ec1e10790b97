"""A client is judged by its rate: bytes earn it time, and waiting for more spends it."""


class Pace:
    """Time that a client has left, in seconds: never more than `grace`, however much it has sent.

    One that falls silent has `grace` seconds, as has one that only trickles. While nobody is waiting for it, because
    what it sent is still being dealt with, it loses nothing.
    """

    __slots__ = ("_grace", "_left", "_rate", "_waiting_since")

    def __init__(self, grace: float, bytes_per_second: float, now: float) -> None:
        self._grace = grace
        self._rate = bytes_per_second
        self._left = grace
        self._waiting_since = now

    def wait(self, now: float) -> None:
        """Begin to wait for bytes; the time since the last ones was not the client's fault."""
        self._waiting_since = now

    def moved(self, size: int, now: float) -> None:
        """Note bytes that have come while more are awaited."""
        self._left = min(self._left - (now - self._waiting_since) + size / self._rate, self._grace)
        self._waiting_since = now

    def left(self, now: float) -> float:
        """Seconds until the client is too slow; none or less where it is."""
        return self._left - (now - self._waiting_since)
