"""Bodies that are known again: what is repeated is acknowledged again, and stored once."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b

from xxhash import xxh3_128

from collector.errors import PayloadError
from collector.spool.payload import BY_ITS_BYTES, Delivery

# What may begin the id of a segment, and so the name of a file.
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,100}$")


class KnownBody(ABC):
    """A body that is known when it comes again, by a digest of everything that decides what it becomes.

    The digest is a fast one: who makes two bodies that have the same deceives only itself, for the sender is part of
    all that is remembered.
    """

    # Stored as a segment, whose id is `segment_id`.
    owns_segment = False
    # For how long it is known; None: for as long as it is remembered.
    window_us: int | None = None

    def __init__(self, identity: str) -> None:
        """`identity` is what, besides its bytes, decides what the body becomes."""
        self._content = xxh3_128(identity.encode())

    @property
    @abstractmethod
    def key(self) -> bytes:
        """No two of them may be taken in at the same time; that of the whole body, once all of it has been added."""

    @property
    @abstractmethod
    def digest(self) -> bytes:
        """What a body with the same key must have in common; of the whole body."""

    def add(self, piece: bytes) -> None:
        self._content.update(piece)

    def delivery(self, part: int = 0, parts: int = 1) -> Delivery:
        return Delivery(self.key, self.digest, part, parts)

    def segment_id(self, part: int = 0) -> str:
        """The same content of the same sender has the same id, and no other has; '' where it does not matter."""
        return ""

    async def noted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks, added as they come."""
        async for chunk in chunks:
            self.add(chunk)
            yield chunk


class KeyedBody(KnownBody):
    """A body that its sender has given a key, which no other sender can forge."""

    def __init__(self, name: str, sender: str, identity: str, *, owns_segment: bool = False) -> None:
        """Raises PayloadError where `name` is no key."""
        if not _NAME.match(name):
            raise PayloadError("Idempotency-Key may hold up to 100 letters, digits, '-' and '_'.")
        super().__init__(identity)
        self.owns_segment = owns_segment
        self._name = name
        self._key = _hash(f"{sender}\0{name}".encode())

    @property
    def key(self) -> bytes:
        return self._key

    @property
    def digest(self) -> bytes:
        return self._content.digest()

    def segment_id(self, part: int = 0) -> str:
        content = _hash(self.key + self.digest).hex()
        return f"{self._name}+{content}" + (f"+{part}" if part else "")


class SentBody(KnownBody):
    """A body that has no key, and is known by its sender and its bytes for a while."""

    def __init__(self, sender: str, identity: str, window: float) -> None:
        """`window` is in seconds."""
        super().__init__(f"{sender}\0{identity}\0")
        self.window_us = int(window * 1_000_000)

    @property
    def key(self) -> bytes:
        return self._content.digest()

    @property
    def digest(self) -> bytes:
        return BY_ITS_BYTES


class UnderWay:
    """Keys whose bodies are being taken in; must be used on one event loop."""

    def __init__(self) -> None:
        self._ended: dict[bytes, asyncio.Event] = {}

    @asynccontextmanager
    async def alone(self, key: bytes) -> AsyncIterator[None]:
        """Wait for other requests with the same key, and make later ones wait."""
        while (ended := self._ended.get(key)) is not None:
            await ended.wait()
        self._ended[key] = asyncio.Event()
        try:
            yield
        finally:
            self._ended.pop(key).set()


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
