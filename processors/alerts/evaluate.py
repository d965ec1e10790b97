"""The samples of a rule: what its measure was over the last complete minutes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from processors.alerts.rule import ABSENT, Rule
from processors.alerts.state import Sample
from processors.usage_source import usage_source
from processors.window import MINUTE, Window, floor
from storage.sql import load
from storage.store import Store

DEFAULT_DELAY = timedelta(seconds=30)
# A rule that is divided further is evaluated for the busiest groups.
_MOST_GROUPS = 100_000


def window_of(rule: Rule, now: datetime, delay: timedelta = DEFAULT_DELAY) -> Window:
    """The rule's last complete minutes: a minute is complete when telemetry had `delay` to arrive."""
    end = floor(now - delay, MINUTE)
    return Window(end - rule.window, end)


def evaluate(store: Store, rule: Rule, now: datetime, delay: timedelta = DEFAULT_DELAY) -> list[Sample]:
    """One sample for each group of requests that the measure is known of. Raises StoreError."""
    rows = store.rows(_statement(rule, window_of(rule, now, delay)), _parameters(rule))
    size = len(rule.by)
    return [
        Sample(dict(zip(rule.by, map(str, row[:size]), strict=True)), float(row[size + 1]), int(row[size]))
        for row in rows
    ]


def _statement(rule: Rule, window: Window) -> str:
    """The statement with its places filled by names of ours, never by text from outside."""
    chosen = rule.filters.chosen
    places = {
        "columns": "".join(f"{name}, " for name in rule.by),
        "measure": rule.measured.name,
        "source": usage_source(window, {*rule.by, *chosen}),
        "where": " AND ".join(f"{name} IN {{{name}:Array(String)}}" for name in chosen) or "1",
        "grouping": f"GROUP BY {', '.join(rule.by)}" if rule.by else "",
    }
    text = load("processors.alerts", "evaluate")
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", value)
    return text


def _parameters(rule: Rule) -> Mapping[str, Any]:
    chosen = {
        name: ["" if value == ABSENT.get(name) else value for value in values]
        for name, values in rule.filters.chosen.items()
    }
    return {
        **chosen,
        "most": _MOST_GROUPS,
        "seconds": int(rule.window.total_seconds()),
        "satisfied_us": rule.apdex_threshold_ms * 1000,
    }
