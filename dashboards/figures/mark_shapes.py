"""Alerts and annotations on a chart over time: bands, and dotted lines where they begin."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from dashboards.state.marks import Mark


def mark_shapes(marks: Sequence[Mark], edges: Literal["below", "above"] = "below") -> list[dict[str, Any]]:
    """Shapes of Plotly; the edges 'above' what would hide them. Bands never are: they would change its colours."""
    tones = dict.fromkeys(mark.tone for mark in marks)
    bands = [_band(tone, start, end) for tone in tones for start, end in _periods(marks, tone)]
    return [*bands, *(_edge(mark, edges) for mark in marks)]


def tooltip_marks(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """What the tooltip names."""
    return [
        {"start": _ms(mark.start), "end": _ms(mark.end) if mark.end else None, "label": mark.label, "tone": mark.tone}
        for mark in marks
    ]


def _periods(marks: Sequence[Mark], tone: str) -> list[tuple[datetime, datetime]]:
    """Those of one tone; where they overlap they are one, for bands over each other would hide the chart."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted((mark.start, mark.end) for mark in marks if mark.tone == tone and mark.end is not None):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _band(tone: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        **_place(start, end, "below"),
        "type": "rect",
        "fillcolor": f"${tone}/0.1",
        "line": {"width": 0},
    }


def _edge(mark: Mark, layer: str) -> dict[str, Any]:
    return {
        **_place(mark.start, mark.start, layer),
        "type": "line",
        "line": {"color": f"${mark.tone}", "width": 1, "dash": "dot"},
    }


def _place(start: datetime, end: datetime, layer: str) -> dict[str, Any]:
    return {"xref": "x", "yref": "paper", "x0": _ms(start), "x1": _ms(end), "y0": 0, "y1": 1, "layer": layer}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
