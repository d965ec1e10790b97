"""What people would have made in a Gatelens that they use: marks of what happened, a dashboard, views, a silence."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from gatelens.demo.model import ENVIRONMENT, INCIDENTS, Incident
from processors.time.window import floor

_DASHBOARD = "Shop"
_BACK = timedelta(days=1)
_TAG = "demo"

# Annotations of an upstream's bad spell, and its API and version.
_SPELLS = {
    "orders-v1": ("Release of orders v1, rolled back", ["api=orders", "version=v1"]),
    "payments": ("The payment provider has a bad evening", ["api=payments"]),
}

# Name, path and query.
_VIEWS = (
    ("Orders, last 6 hours", "/apis/orders", "?from=now-6h"),
    ("Errors of the last hour", "/requests", "?filter=status_class%3D5xx"),
)

_SILENCED = "The carrier works at it; its quotes stay slow until Friday."


def make(client: httpx.Client, now: datetime) -> None:
    """Make what is not there yet; raises httpx.HTTPError."""
    _annotate(client, now)
    _draw_dashboard(client)
    _save_views(client)
    _silence(client)


def _annotate(client: httpx.Client, now: datetime) -> None:
    start = now - _BACK
    found = _get(client, "annotations", {"from": start.isoformat(), "to": now.isoformat(), "tag": _TAG})
    there = {(one["text"], datetime.fromisoformat(one["start"])) for one in found["annotations"]}
    for text, begins, ends, filters in _happened(start, now):
        if (text, begins) not in there:
            end = {"end": ends.isoformat()} if ends else {}
            body = {"text": text, "start": begins.isoformat(), "tags": [_TAG], "filters": filters, **end}
            client.post("/api/v1/annotations", json=body).raise_for_status()


def _happened(start: datetime, now: datetime) -> Iterator[tuple[str, datetime, datetime | None, list[str]]]:
    """Text, beginning, end and filters."""
    for incident in INCIDENTS:
        if incident.cluster in _SPELLS:
            text, filters = _SPELLS[incident.cluster]
            for begins in _beginnings(incident, start, now):
                yield text, begins, min(begins + timedelta(minutes=incident.minutes), now), filters
    yield "The demo was started", now, None, [f"environment={ENVIRONMENT}"]


def _beginnings(incident: Incident, start: datetime, end: datetime) -> Iterator[datetime]:
    every = timedelta(hours=incident.every_hours)
    begins = floor(start, every) + timedelta(minutes=incident.from_minute)
    while begins < end:
        if begins >= start:
            yield begins
        begins += every


def _draw_dashboard(client: httpx.Client) -> None:
    if _DASHBOARD not in {one["name"] for one in _get(client, "dashboards")["dashboards"]}:
        text = Path(__file__).with_name("dashboard.yaml").read_text(encoding="utf-8")
        client.put(f"/api/v1/dashboards/{_DASHBOARD}", content=text).raise_for_status()


def _save_views(client: httpx.Client) -> None:
    for name, path, query in _VIEWS:
        body = {"path": path, "search": query, "values": [("name", name)]}
        client.post("/page/forms/save-view", json=body).raise_for_status()


def _silence(client: httpx.Client) -> None:
    if all(one["comment"] != _SILENCED for one in _get(client, "silences")["silences"]):
        matchers = [_equal("alertname", "api-slow"), _equal("api", "shipping")]
        body = {"matchers": matchers, "duration": "4d", "comment": _SILENCED}
        client.post("/api/v1/silences", json=body).raise_for_status()


def _equal(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value, "isEqual": True, "isRegex": False}


def _get(client: httpx.Client, what: str, parameters: dict[str, str] | None = None) -> Any:
    return client.get(f"/api/v1/{what}", params=parameters).raise_for_status().json()
