"""Fluent Bit's MessagePack over HTTP: a stream of entries, as the Forward protocol packs them."""

from functools import lru_cache

from pydantic import ByteSize

from collector.errors import PayloadError
from collector.formats.registry import Formats
from collector.receivers.forward.config import ForwardConfig, ForwardRule
from collector.receivers.forward.lines import Rules
from collector.receivers.forward.message import packed
from collector.receivers.forward.records import Records
from collector.records.place import Part, Place

CONTENT_TYPES = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})

_LARGE_ARRAYS = (0xDC, 0xDD)


def payloads(body: bytes, format_name: str, limit: int, formats: Formats) -> list[Part]:
    """The entries by format and place; without a name, each is classified by itself.

    Raises PayloadError where there is no entry at all; those that are none become dead letters.
    """
    if not (0x90 <= body[0] <= 0x9F or body[0] in _LARGE_ARRAYS):
        raise PayloadError("The body is no MessagePack of [time, record]; check the agent's format.")
    rules, config = _settings(format_name, limit, formats)
    records = Records(rules, config)
    # As in the mode of the protocol whose entries are a stream.
    records.add(packed("", body, {}, limit))
    return [Part(kind.format, lines, Place(kind.gateway, kind.instance)) for kind, lines in records.payloads()]


@lru_cache(100)
def _settings(format_name: str, limit: int, formats: Formats) -> tuple[Rules, ForwardConfig]:
    named = ForwardRule.model_validate({"tag": "*", "format": format_name}, context={"formats": formats})
    config = ForwardConfig(max_chunk_size=ByteSize(limit), rules=(named,) if format_name else ())
    return Rules(config, formats), config
