"""Envoy's access log service: a stream of messages of which only the first says who sends them.

https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/accesslog/v3/als.proto
"""

from collections.abc import AsyncIterable, AsyncIterator

from collector.receivers.protobuf_fields import fields, length_delimited

# StreamAccessLogsMessage
_IDENTIFIER = 1
# StreamAccessLogsMessage.Identifier
_NODE, _LOG_NAME = 1, 2
# config.core.v3.Node: id, cluster, metadata, locality. The rest is Envoy's list of extensions, 77 kB of it.
_NODE_FIELDS = frozenset({1, 2, 3, 4})


async def stream_payloads(messages: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Each message of a stream with the sender's identity in it, so that it can be understood alone.

    Raises PayloadError where a message is no Protobuf.
    """
    identity = b""
    async for message in messages:
        identifier, entries = _split(message)
        if identifier is not None:
            identity = length_delimited(_IDENTIFIER, _slim(identifier))
        if entries:
            yield identity + entries


def _split(message: bytes) -> tuple[memoryview | None, bytes]:
    identifier = None
    entries = []
    for number, value, whole in fields(memoryview(message)):
        if number == _IDENTIFIER:
            identifier = value
        else:
            entries.append(whole)
    return identifier, b"".join(entries)


def _slim(identifier: memoryview) -> bytes:
    slim = b""
    for number, value, whole in fields(identifier):
        if number == _NODE:
            kept = b"".join(bytes(part) for field, _, part in fields(value) if field in _NODE_FIELDS)
            slim += length_delimited(_NODE, kept)
        elif number == _LOG_NAME:
            slim += bytes(whole)
    return slim
