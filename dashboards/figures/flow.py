"""Who calls whom, drawn as bands between columns of nodes: as wide as the traffic, and coloured by its errors."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.components.own import Flow

_WIDTH = 960
_BAR = 10
_GAP = 14
_LEAST_BAND, _LEAST_NODE = 1.5, 6.0
# Of all bands of the fullest column together.
_FULL = 260
_MOST_COLUMNS = 8


@dataclass(frozen=True)
class Band:
    """One edge: from and to are names of nodes."""

    source: str
    target: str
    rate: float
    # 'good', 'warning' or 'bad'.
    tone: str
    # In words, for those who do not see it.
    label: str
    href: str
    is_selected: bool = False


@dataclass
class _Place:
    x: float
    y: float
    height: float
    # How much of it on each side has a band already.
    out: float = 0
    into: float = 0


def flow(panel: str, bands: Sequence[Band], hrefs: Mapping[str, str], summary: str) -> Flow:
    """The figure; `hrefs` are where nodes lead, by their names."""
    columns = _columns(bands)
    heaviest = max(sum(_through(bands, name) for name in names) for names in columns)
    scale = _FULL / heaviest if heaviest else 0
    places = _places(bands, columns, scale)
    height = max(place.y + place.height for place in places.values()) + _GAP
    return Flow(
        id=f"{panel}-flow",
        nodes=[
            _node(
                name,
                place,
                _through(bands, name),
                hrefs.get(name, ""),
                is_last=bool(number) and number == len(columns) - 1,
            )
            for number, names in enumerate(columns)
            for name in names
            for place in (places[name],)
        ],
        bands=[_band(band, places, scale) for band in sorted(bands, key=lambda band: places[band.target].y)],
        width=_WIDTH,
        height=round(height),
        summary=summary,
    )


def _columns(bands: Sequence[Band]) -> list[list[str]]:
    """Nodes from left to right, each to the right of all that call it; cycles end at the last column."""
    depth: dict[str, int] = defaultdict(int)
    for _ in range(_MOST_COLUMNS):
        for band in bands:
            depth[band.source] += 0
            depth[band.target] = max(depth[band.target], min(depth[band.source] + 1, _MOST_COLUMNS - 1))
    used = sorted(set(depth.values()))
    busiest = sorted(depth, key=lambda name: (-_through(bands, name), name))
    columns = [[name for name in busiest if depth[name] == column] for column in used]
    return _uncrossed(bands, columns)


def _uncrossed(bands: Sequence[Band], columns: list[list[str]]) -> list[list[str]]:
    """With each node about where those lie that it is joined to, to the right and back, so that fewer bands cross."""
    for order in (columns[1:], columns[-2::-1], columns[1:]):
        for names in order:
            places = {name: place for column in columns for place, name in enumerate(column)}
            names.sort(key=lambda name: _middle(bands, name, places))
    return columns


def _middle(bands: Sequence[Band], name: str, places: Mapping[str, int]) -> float:
    joined = [
        (places[band.source if band.target == name else band.target], band.rate)
        for band in bands
        if name in (band.source, band.target)
    ]
    weight = sum(rate for _, rate in joined)
    return sum(place * rate for place, rate in joined) / weight if weight else 0


def _through(bands: Sequence[Band], name: str) -> float:
    into = sum(band.rate for band in bands if band.target == name)
    return max(into, sum(band.rate for band in bands if band.source == name))


def _places(bands: Sequence[Band], columns: Sequence[Sequence[str]], scale: float) -> dict[str, _Place]:
    places = {}
    for number, names in enumerate(columns):
        x = number * (_WIDTH - _BAR) / max(1, len(columns) - 1)
        y = float(_GAP)
        for name in names:
            height = max(_LEAST_NODE, _through(bands, name) * scale)
            places[name] = _Place(round(x, 1), y, height)
            y += height + _GAP
    return places


def _node(name: str, place: _Place, rate: float, href: str, *, is_last: bool) -> dict[str, Any]:
    return {
        "key": name,
        "label": name if len(name) <= 32 else f"{name[:31]}…",
        "title": f"{name}: {rate:.3g} requests per second",
        "x": place.x,
        "y": round(place.y, 1),
        "width": _BAR,
        "height": round(place.height, 1),
        "anchor": "end" if is_last else "start",
        "href": href or None,
    }


def _band(band: Band, places: Mapping[str, _Place], scale: float) -> dict[str, Any]:
    source, target = places[band.source], places[band.target]
    width = max(_LEAST_BAND, band.rate * scale)
    y1, y2 = source.y + source.out + width / 2, target.y + target.into + width / 2
    source.out += width
    target.into += width
    return {
        "key": f"{band.source}>{band.target}",
        "x1": source.x + _BAR,
        "y1": round(y1, 1),
        "x2": target.x,
        "y2": round(y2, 1),
        "width": round(width, 1),
        "tone": band.tone,
        "label": band.label,
        "href": band.href,
        "selected": band.is_selected,
    }
