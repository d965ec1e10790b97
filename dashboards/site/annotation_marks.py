"""Annotations as marks on every chart over time."""

from collections.abc import Sequence

from dashboards.state.marks import Mark
from processors.annotations.annotation import Annotation
from processors.query.filters import Filter
from processors.time.window import Window

_MOST_MARKS = 40


def annotation_marks(found: Sequence[Annotation], window: Window, filters: Sequence[Filter]) -> list[Mark]:
    """Those that may concern the traffic that filters leave, the latest of them, within the window."""
    shown = [one for one in found if one.concerns(filters)][:_MOST_MARKS]
    return [
        Mark(
            max(one.start, window.start),
            min(one.end, window.end) if one.end is not None else None,
            one.text,
            "info",
        )
        for one in shown
    ]
