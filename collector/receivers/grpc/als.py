"""Envoy's access log service: a stream of messages, only the first of which names the sender.

https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/accesslog/v3/als.proto
"""

from collections.abc import AsyncIterable, AsyncIterator

from collector.encoding.protobuf import fields, length_delimited
from collector.errors import PayloadError

# StreamAccessLogsMessage
_IDENTIFIER = 1
# StreamAccessLogsMessage.Identifier
_NODE, _LOG_NAME = 1, 2
# config.core.v3.Node. The rest is its place and Envoy's list of extensions, 77 kB of it.
_ID, _CLUSTER, _METADATA = 1, 2, 3
# google.protobuf.Struct is a map, whose entries have a key and a value.
_STRUCT_FIELDS = 1
_KEY = 1
# All that is read of the metadata, which in a mesh has the pod's labels and annotations.
_ENVIRONMENT = b"environment"

# The identity is stored with each message, however small.
_LARGEST_IDENTITY = 16 << 10


async def stream_payloads(messages: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Each message of a stream with the sender's identity in it, so that it can be understood alone.

    Raises PayloadError where a message is no Protobuf, or its sender's names are too long to go with each.
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
            slim += length_delimited(_NODE, _slim_node(value))
        elif number == _LOG_NAME:
            slim += bytes(whole)
    if len(slim) > _LARGEST_IDENTITY:
        raise PayloadError(
            f"The names of the node and its log take {len(slim)} bytes; shorten them to {_LARGEST_IDENTITY} in all."
        )
    return slim


def _slim_node(node: memoryview) -> bytes:
    slim = b""
    for number, value, whole in fields(node):
        if number in (_ID, _CLUSTER):
            slim += bytes(whole)
        elif number == _METADATA and (kept := _slim_metadata(value)):
            slim += length_delimited(_METADATA, kept)
    return slim


def _slim_metadata(metadata: memoryview) -> bytes:
    return b"".join(
        whole for number, entry, whole in fields(metadata) if number == _STRUCT_FIELDS and _key(entry) == _ENVIRONMENT
    )


def _key(entry: memoryview) -> bytes:
    return next((bytes(value) for number, value, _ in fields(entry) if number == _KEY), b"")
