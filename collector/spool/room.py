"""How much of the spool is taken, and whether there is room for more."""

import threading

from collector.errors import PayloadTooLarge, SpoolFull


class Room:
    """Bytes that wait, in memory and on disk; safe to use from many threads."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._size = 0
        self._is_closed = False
        self._change = threading.Lock()

    @property
    def size(self) -> int:
        return self._size

    def check(self, size: int) -> None:
        """Raises SpoolFull where there is no room for so many bytes more, PayloadTooLarge where there never is."""
        if self._is_closed:
            raise SpoolFull("Gatelens is stopping; send it again in a moment.")
        if size > self.capacity:
            raise PayloadTooLarge(
                f"The whole spool has room for {self.capacity} bytes, and this takes {size}; send smaller batches or "
                "raise collector.spool.max_size."
            )
        if self._size + size > self.capacity:
            raise SpoolFull(
                f"The spool is full ({self._size} of {self.capacity} bytes wait for ClickHouse); send it "
                "again later, and check that ClickHouse answers or raise collector.spool.max_size."
            )

    def take(self, size: int) -> None:
        """The same, and take it."""
        with self._change:
            self.check(size)
            self._size += size

    def add(self, size: int) -> None:
        """Count what is there already, whether there is room for it or not."""
        with self._change:
            self._size += size

    def release(self, size: int) -> None:
        with self._change:
            self._size -= size

    def close(self) -> None:
        """Take nothing more in."""
        self._is_closed = True
