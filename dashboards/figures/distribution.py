"""How latency is spread, of several parts of the traffic over each other."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards import design, formats
from dashboards.components.own import Chart
from dashboards.figures.latency import few_marks
from processors.query.heatmap import cell_of, lower_bound_ms


def distribution(
    panel: str, parts: Sequence[tuple[str, Mapping[int, int], str]], *, height: int, summary: str
) -> Chart:
    """The share of each part's requests by latency, on a logarithmic scale.

    A part is its name, its requests by bucket of a latency histogram, and a colour; one without requests is left out.
    """
    cells = {name: _shares(histogram) for name, histogram, _ in parts if histogram}
    lowest = min((min(shares) for shares in cells.values()), default=0)
    highest = max((max(shares) for shares in cells.values()), default=0)
    # A line begins and ends on the ground.
    numbers = range(lowest - 1, highest + 2)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": [lower_bound_ms(number + 0.5) for number in numbers],
            "y": [cells[name].get(number, 0.0) for number in numbers],
            "line": {"color": colour, "width": 1.75, "shape": "hvh"},
            "fill": "tozeroy",
            "fillcolor": f"{colour}/0.12",
            "showlegend": True,
        }
        for name, _, colour in parts
        if name in cells
    ]
    edges = lower_bound_ms(numbers[0]), lower_bound_ms(numbers[-1] + 1)
    shown = few_marks(*edges)
    layout = design.plotly_layout(
        xaxis=design.plotly_axis(
            type="log",
            range=[math.log10(edge) for edge in edges],
            tickmode="array",
            tickvals=shown,
            ticktext=[formats.show("ms", mark) for mark in shown],
            showgrid=False,
            ticks="outside",
            ticklen=4,
        ),
        yaxis=design.plotly_axis(),
    )
    return Chart(
        id=f"{panel}-chart",
        panel=panel,
        data=data,
        layout=layout,
        units={"yaxis": "share"},
        height=height,
        summary=summary,
    )


def _shares(histogram: Mapping[int, int]) -> dict[int, float]:
    """By cell of the heatmap."""
    counted: Counter[int] = Counter()
    for bucket, requests in histogram.items():
        counted[cell_of(bucket)] += requests
    total = counted.total()
    return {cell: requests / total for cell, requests in counted.items()}
