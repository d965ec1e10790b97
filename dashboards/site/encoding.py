"""Components as the JSON that the browser's Dash draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
import xxhash
from dash.development.base_component import Component

Encoded = msgspec.Raw


@dataclass(frozen=True)
class Drawn:
    """What a region shows, and by which it is known whether a browser shows it already."""

    digest: str
    content: Encoded


def drawn(content: Any) -> Drawn:
    text = encoded(content)
    return Drawn(xxhash.xxh3_64_hexdigest(bytes(text)), text)


def changed(regions: Mapping[str, Drawn], known: Mapping[str, str]) -> dict[str, Encoded]:
    """The regions whose content is another than that of the digest that is known."""
    return {
        name: encoded({"digest": region.digest, "children": region.content})
        for name, region in regions.items()
        if known.get(name) != region.digest
    }


def encoded(content: Any) -> Encoded:
    """The JSON of a content; what is not finite becomes null."""
    return msgspec.Raw(msgspec.json.encode(content, enc_hook=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, Component):
        return value.to_plotly_json()  # type: ignore[no-untyped-call]  # Dash has no types for it
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise NotImplementedError(f"{type(value).__name__} cannot be sent to a browser.")
