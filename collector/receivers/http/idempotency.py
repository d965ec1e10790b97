"""Bodies with an Idempotency-Key: what a sender repeats is acknowledged again, and stored once."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b

from starlette.requests import Request
from xxhash import xxh3_128

from collector.payload import Delivery
from storage.errors import PayloadError

# What may begin the id of a segment, and so the name of a file.
_KEY = re.compile(r"^[A-Za-z0-9_-]{1,100}$")
_TOLD_BY_ADDRESS = ("environment", "gateway", "peer")


def sender_of(request: Request) -> str:
    """Whom a key belongs to, a token or else an address: two senders may use the same key."""
    host = request.client.host if request.client else ""
    token = getattr(request.state, "sender", "")
    return f"{f'token {token}' if token else host} {request.url.path}"


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


def keyed_body(request: Request) -> KeyedBody | None:
    """What a request says of its body; None without a key. Raises PayloadError."""
    name = request.headers.get("idempotency-key", "")
    owns_segment = request.query_params.get("own_segment", "") == "true"
    if not name:
        if owns_segment:
            raise PayloadError("A segment of its own needs an Idempotency-Key, which its id begins with.")
        return None
    if not _KEY.match(name):
        raise PayloadError("Idempotency-Key may hold up to 100 letters, digits, '-' and '_'.")
    identity = [request.url.path, request.headers.get("content-type", "")]
    identity += [request.query_params.get(parameter, "") for parameter in _TOLD_BY_ADDRESS]
    key = _hash(f"{sender_of(request)}\0{name}".encode())
    return KeyedBody(name, key, owns_segment, xxh3_128("\0".join([*identity, ""]).encode()))


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


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
