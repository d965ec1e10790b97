"""A body read up to a limit."""

from collections.abc import AsyncIterator

from collector.encoding.limits import body_too_large


async def read_body(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """The whole body as it was sent; raises PayloadTooLarge as soon as it passes `limit` bytes."""
    gathered: list[bytes] = []
    size = 0
    async for chunk in chunks:
        gathered.append(chunk)
        size += len(chunk)
        if size > limit:
            raise body_too_large(limit)
    return b"".join(gathered)
