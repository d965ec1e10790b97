"""The figures at the top of a page."""

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from processors.traffic.totals import Totals


@dataclass(frozen=True)
class _Card:
    name: str
    label: str
    value: float | None
    shown: str
    note: str = ""
    # How it changed against the window before; `worse` when more is worse, None where it is neither.
    change: str = ""
    worse: bool | None = None


def cards(current: Totals, previous: Totals) -> Component:
    """Requests, errors, latency and Apdex, each against the window of the same length before."""
    listed = (
        _Card(
            "requests",
            "Requests",
            current.requests,
            formats.count(current.requests),
            formats.rate(current.rate),
            *_compared(current.requests, previous.requests, more_is_worse=None),
        ),
        _Card(
            "error_rate",
            "Error rate",
            current.error_rate,
            formats.share(current.error_rate),
            f"{formats.count(current.errors)} × 5xx or no answer, {formats.share(current.client_error_rate)} 4xx",
            *_compared(current.error_rate, previous.error_rate, more_is_worse=True),
        ),
        *(
            _Card(
                f"{name}_ms",
                f"Latency {name}",
                value,
                formats.milliseconds(value),
                note,
                *_compared(value, before, more_is_worse=True),
            )
            for name, value, before, note in (
                ("p50", current.p50_ms, previous.p50_ms, "half are faster"),
                ("p95", current.p95_ms, previous.p95_ms, "1 in 20 is slower"),
                ("p99", current.p99_ms, previous.p99_ms, "1 in 100 is slower"),
            )
        ),
        _Card(
            "apdex",
            "Apdex",
            current.apdex,
            formats.NOTHING if current.apdex is None else f"{current.apdex:.3f}",
            "satisfied within 500 ms",
            *_compared(current.apdex, previous.apdex, more_is_worse=False),
        ),
    )
    return dmc.SimpleGrid([_drawn(card) for card in listed], cols={"base": 2, "sm": 3, "xl": 6}, spacing="md")


def _compared(current: float | None, previous: float | None, *, more_is_worse: bool | None) -> tuple[str, bool | None]:
    if not current or not previous:
        return "", None
    shown = formats.change(current, previous)
    if shown in ("+0%", "-0%"):
        return "±0%", None
    return shown, None if more_is_worse is None else (current > previous) == more_is_worse


def _drawn(card: _Card) -> Component:
    colour = "dimmed" if card.worse is None else "red" if card.worse else "teal"
    attributes: dict[str, Any] = {"data-kpi": card.name, "data-value": "" if card.value is None else repr(card.value)}
    title = "against the same length of time before"
    return html.Div(
        dmc.Paper(
            [
                dmc.Text(card.label, size="sm", c="dimmed"),
                dmc.Group(
                    [
                        dmc.Text(card.shown, className="figure"),
                        dmc.Tooltip(dmc.Text(card.change, size="xs", c=colour), label=title) if card.change else None,
                    ],
                    gap="xs",
                    align="baseline",
                ),
                dmc.Text(card.note, size="xs", c="dimmed"),
            ],
            withBorder=True,
            radius="md",
            p="md",
            h="100%",
        ),
        **attributes,
    )
