"""Bodies to which their sender has given a key: what is repeated is acknowledged again, and stored once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b

from xxhash import xxh3_128

from collector.spool.payload import Delivery


@dataclass
class KeyedBody:
    """A body that its sender has given a key, known by a digest of everything that decides what it becomes.

    The digest is a fast one: who makes two bodies that have the same deceives only itself, for the key, which no other
    sender can forge, is part of all that is remembered.
    """

    name: str
    key: bytes
    # Stored as a segment, whose id begins with the name.
    owns_segment: bool
    _digest: xxh3_128 = field(repr=False)

    @classmethod
    def of(cls, name: str, sender: str, identity: str, *, owns_segment: bool) -> "KeyedBody":
        """`identity` is what beside its bytes decides what the body becomes."""
        return cls(name, _hash(f"{sender}\0{name}".encode()), owns_segment, xxh3_128(identity.encode()))

    def add(self, piece: bytes) -> None:
        self._digest.update(piece)

    @property
    def digest(self) -> bytes:
        """That of the whole body, once all of it has been added."""
        return self._digest.digest()

    def delivery(self, part: int = 0, parts: int = 1) -> Delivery:
        return Delivery(self.key, self.digest, part, parts)

    def segment_id(self, part: int = 0) -> str:
        """The same content of the same sender has the same id, and no other has."""
        content = _hash(self.key + self.digest).hex()
        return f"{self.name}+{content}" + (f"+{part}" if part else "")

    async def noted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks, added as they come."""
        async for chunk in chunks:
            self.add(chunk)
            yield chunk


class UnderWay:
    """Keys whose bodies are being taken in; must be used on one event loop."""

    def __init__(self) -> None:
        self._ended: dict[bytes, asyncio.Event] = {}

    @asynccontextmanager
    async def alone(self, key: bytes) -> AsyncIterator[None]:
        """Wait until nobody else has a key under way, and keep others waiting meanwhile."""
        while (ended := self._ended.get(key)) is not None:
            await ended.wait()
        self._ended[key] = asyncio.Event()
        try:
            yield
        finally:
            self._ended.pop(key).set()


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
