"""How much of the messages that have not come whole is in memory at a time, however many agents send."""

import asyncio

# A message that is larger takes one of a few places, so that many connections cannot fill the memory together.
LARGE_MESSAGE_BYTES = 4 << 20
# What all others may take together; beyond it they need a place too, unless they are small.
_ROOM_BYTES = 128 << 20
_SMALL_BYTES = 64 << 10


class MessageMemory:
    """Shared by all connections of the port; must be used on one event loop."""

    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.size = 0

    def hold(self) -> "HeldMessage":
        """What a connection has of it: nothing yet."""
        return HeldMessage(self)


class HeldMessage:
    """The message that is arriving on one connection."""

    def __init__(self, memory: MessageMemory) -> None:
        self._memory = memory
        self._size = 0
        self._has_place = False

    async def grow(self, size: int) -> bool:
        """Say how large the message is by now; returns when it may grow, and whether it has just got a place."""
        if self._has_place:
            return False
        self._memory.size += size - self._size
        self._size = size
        is_crowded = self._memory.size > _ROOM_BYTES and size > _SMALL_BYTES
        if size <= LARGE_MESSAGE_BYTES and not is_crowded:
            return False
        await self._memory.places.acquire()
        self.release()
        self._has_place = True
        return True

    def release(self) -> None:
        """The message has been taken in, or never will be."""
        self._memory.size -= self._size
        self._size = 0
        if self._has_place:
            self._has_place = False
            self._memory.places.release()
